//! Listeners come, go and change with reloads.

use shoal_tests::{Alpn, Authority, Client, Config, Gateway, Origin, eventually, get, ok};
use std::net::{SocketAddr, TcpListener};

fn listening(origin: &Origin, listeners: &[String]) -> String {
    let lines: Vec<String> = listeners.iter().map(|l| format!("  - {{ {l} }}")).collect();
    let (lines, origin) = (lines.join("\n"), origin.address());
    format!(
        "server: {{ threads: 2 }}\nlisteners:\n{lines}\nupstreams: {{ origin: {{ targets: [\"{origin}\"] }} }}\n\
         routes: [{{ match: {{ path: \"/*\" }}, upstream: origin }}]\nadmin: {{ address: \"127.0.0.1:0\" }}\n"
    )
}

fn at(address: SocketAddr) -> String {
    format!("address: \"{address}\"")
}

async fn answers(address: SocketAddr) {
    let mut client = Client::connect(address).await;
    client.send(get("/")).await.expect(ok("v1"));
}

async fn start(origin: &Origin, listeners: &[String]) -> Gateway {
    let config: Config = Gateway::with(origin).whole(&listening(origin, listeners));
    config.start().await
}

#[tokio::test]
async fn one_comes_and_another_goes() {
    let origin = Origin::script([get("/").respond(ok("v1")).repeat()]);
    let (a, b) = (Origin::nowhere(), Origin::nowhere());
    let mut gateway = start(&origin, &[at(a)]).await;
    answers(a).await;
    let text = listening(&origin, &[at(b)]);
    gateway.reconfigure(|config| config.whole(&text)).await;
    let moved = async || {
        tokio::net::TcpStream::connect(a)
            .await
            .is_err()
            .then_some(())
    };
    eventually("the old listener to close", moved).await;
    answers(b).await;
}

#[tokio::test]
async fn the_same_port_on_other_addresses_moves_at_once() {
    let origin = Origin::script([get("/").respond(ok("v1")).repeat()]);
    let one = Origin::nowhere();
    let all = SocketAddr::from(([0, 0, 0, 0], one.port()));
    let mut gateway = start(&origin, &[at(one)]).await;
    for wanted in [all, one, all, one, all, one] {
        let mut kept = Client::connect(one).await;
        kept.send(get("/")).await.expect(ok("v1"));
        let text = listening(&origin, &[at(wanted)]);
        gateway.reconfigure(|config| config.whole(&text)).await;
        let other = SocketAddr::from(([127, 0, 0, 2], one.port()));
        let settled = async || {
            let open = tokio::net::TcpStream::connect(other).await.is_ok();
            (open == (wanted == all)).then_some(())
        };
        eventually("the listener to move", settled).await;
        answers(one).await;
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_tried_again() {
    let origin = Origin::script([get("/").respond(ok("v1")).repeat()]);
    let a = Origin::nowhere();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let b = taken.local_addr().unwrap();
    let mut gateway = start(&origin, &[at(a)]).await;
    let text = listening(&origin, &[at(a), at(b)]);
    gateway.reconfigure(|config| config.whole(&text)).await;
    answers(a).await;
    drop(taken);
    let open = async || {
        tokio::net::TcpStream::connect(b)
            .await
            .is_ok()
            .then_some(())
    };
    eventually("the port to be taken over", open).await;
    answers(b).await;
}

#[tokio::test]
async fn a_listener_turns_to_tls_and_back() {
    let authority = Authority::new();
    let a = authority.issue("a.test");
    let origin = Origin::script([get("/").respond(ok("v1")).repeat()]);
    let config = Gateway::with(&origin)
        .file("a.pem", &a.cert)
        .file("a.key", &a.key);
    let mut gateway = config.clone().start().await;
    gateway.get("/").await.expect(ok("v1"));
    gateway
        .reconfigure(|config| {
            config
                .listener("tls: public")
                .yaml("tls: { public: { certificates: [{ cert: a.pem, key: a.key }] } }")
        })
        .await;
    let tls = async || {
        let name = "a.test";
        let address = gateway.address();
        let handshake = shoal_tests::TlsHandshake::try_with(address, name, &authority, Alpn::Http1);
        handshake.await.ok()
    };
    let handshake = eventually("TLS", tls).await;
    handshake.http1().send(get("/")).await.expect(ok("v1"));
    gateway.reconfigure(|_tls| config.clone()).await;
    let plain = async || {
        let mut client = Client::connect(gateway.address()).await;
        client
            .write_in_vain("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        client
            .try_raw()
            .await
            .filter(|answer| answer.starts_with(b"HTTP/1.1 200"))
    };
    eventually("clear text again", plain).await;
}
