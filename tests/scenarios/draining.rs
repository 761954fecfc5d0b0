//! The end of a process: what is under way is finished, what idles is let go.

use shoal_tests::{Gateway, Origin, eventually, get, ok, switching_protocols};

async fn drained(gateway: &Gateway) {
    let draining = async || (gateway.admin_get("/readyz").await.status != 200).then_some(());
    eventually("readyz to say no", draining).await;
}

#[tokio::test]
async fn connections_that_idle_do_not_hold_it_up() {
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let mut gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c]")
        .start()
        .await;
    let mut http1 = gateway.client().await;
    http1.send(get("/1")).await.expect(ok("v1"));
    let http2 = gateway.h2c().await;
    http2.send(get("/2")).await.expect(ok("v1"));
    gateway.signal("TERM");
    http1.expect_closed().await;
    assert_eq!(gateway.wait_for_exit().await, Some(0));
    drop(http2);
}

#[tokio::test]
async fn streams_and_downloads_under_way_are_finished_and_logged() {
    let slow = || ok("firstsecond").hold_body("rest", 5);
    let origin = Origin::script([
        get("/1").respond(slow()),
        get("/2").respond(ok("firstsecond").hold_body("more", 5)),
    ]);
    let mut gateway = Gateway::with(&origin)
        .listener("protocols: [http1, h2c]")
        .start()
        .await;
    let mut download = gateway.open(get("/1")).await;
    assert_eq!(download.first(5).await, "first");
    let http2 = gateway.h2c().await;
    let mut stream = http2.stream(&get("/2")).await;
    stream.write("", shoal_tests::Last::Yes);
    assert_eq!(stream.head().await.status, 200);
    gateway.signal("TERM");
    drained(&gateway).await;
    origin.release("rest").await;
    origin.release("more").await;
    download.finish().await.expect(ok("firstsecond"));
    assert_eq!(stream.finish().await.body, "firstsecond");
    drop(http2);
    assert_eq!(gateway.wait_for_exit().await, Some(0));
    assert_eq!(gateway.access_log(2).await.len(), 2);
}

#[tokio::test]
async fn the_grace_period_ends_what_does_not_end_itself() {
    let switch = switching_protocols("websocket");
    let origin = Origin::script([get("/ws").hold("asked").respond(switch)]);
    let mut gateway = Gateway::start(&origin).await;
    gateway
        .reconfigure(|config| config.server("grace_period: 300ms"))
        .await;
    let ask = get("/ws")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket");
    let (incoming, ()) = tokio::join!(gateway.open(ask), origin.release("asked"));
    let mut socket = incoming.upgraded();
    socket.write("hello").await;
    assert_eq!(socket.raw().await, "hello");
    gateway.signal("TERM");
    drained(&gateway).await;
    socket.write("still").await;
    assert_eq!(socket.raw().await, "still");
    assert_eq!(gateway.wait_for_exit().await, Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let origin = Origin::script([get("/").hold("never").respond(ok("v1")).repeat()]);
    let mut gateway = Gateway::start(&origin).await;
    let waiting = gateway.spawn(get("/"));
    origin.wait_for("never").await;
    gateway.signal("TERM");
    drained(&gateway).await;
    gateway.signal("INT");
    assert_eq!(gateway.wait_for_exit().await, Some(0));
    waiting.abort();
}
