//! Request smuggling (RFC 9112 sections 5 to 7): two readers of one stream that see different
//! requests.
//!
//! Doubtful framing is refused, and nothing of it reaches the origin. The first three forms are in
//! `limits`. A failure names the head.

use shoal_tests::{Gateway, Origin, get, ok, post};

const SMUGGLED: &str = "GET /admin HTTP/1.1\r\nHost: shoal.test\r\n\r\n";

/// Each is refused, or the connection is closed; the origin sees nothing.
async fn refused(heads: &[&str], content: &str) {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    for head in heads {
        let mut client = gateway.client().await;
        let start = "POST / HTTP/1.1\r\nHost: shoal.test\r\n";
        client
            .write_in_vain(format!("{start}{head}\r\n\r\n{content}"))
            .await;
        let answer = client.try_raw().await.unwrap_or_default();
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"),
            "after {head:?}: {answer:?}"
        );
    }
    assert!(origin.requests().is_empty(), "{:?}", origin.requests());
}

#[tokio::test]
async fn what_stands_beside_chunks_is_not_passed_on() {
    // Section 6.1: refused, or read by its chunks alone, and then the connection ends.
    let heads = [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "transfer-encoding: Chunked\r\ncontent-length: 0",
    ];
    let origin = Origin::script([post("/").respond(ok("seen")).repeat()]);
    let gateway = Gateway::start(&origin).await;
    for head in heads {
        let mut client = gateway.client().await;
        let start = "POST / HTTP/1.1\r\nHost: shoal.test\r\n";
        let content = format!("0\r\n\r\n{SMUGGLED}");
        client
            .write_in_vain(format!("{start}{head}\r\n\r\n{content}"))
            .await;
        let mut answers = Vec::new();
        while let Some(bytes) = client.try_raw().await {
            answers.extend_from_slice(&bytes);
        }
        let text = String::from_utf8_lossy(&answers);
        assert!(
            text.matches("HTTP/1.1 ").count() <= 1,
            "after {head:?}: {text}"
        );
    }
    for request in origin.requests() {
        assert_eq!(request.target, "/");
        assert!(!request.fields.has("Content-Length"), "{request:?}");
    }
}

#[tokio::test]
async fn several_lengths_are_refused() {
    let heads = [
        "Content-Length: 0\r\nContent-Length: 43",
        "Content-Length: 43\r\nContent-Length: 0",
        "Content-Length: 0, 43",
        "Content-Length: 43, 0",
    ];
    refused(&heads, SMUGGLED).await;
}

#[tokio::test]
async fn a_length_that_is_no_number_is_refused() {
    let heads = [
        "Content-Length: -1",
        "Content-Length: 0x2b",
        "Content-Length: 4 3",
        "Content-Length: 43.0",
        "Content-Length: ",
        "Content-Length: \"43\"",
        "Content-Length: 18446744073709551659",
        "Content-Length: 1e1",
    ];
    refused(&heads, SMUGGLED).await;
}

#[tokio::test]
async fn a_transfer_coding_in_disguise_is_refused() {
    let content = format!("0\r\n\r\n{SMUGGLED}");
    let heads = [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;x=y",
        "Transfer-Encoding: ",
        "Transfer-Encoding:\x0bchunked",
    ];
    refused(&heads, &content).await;
}

#[tokio::test]
async fn a_field_name_in_disguise_is_refused() {
    let content = format!("0\r\n\r\n{SMUGGLED}");
    let heads = [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Content-Length : 43",
        ": x",
        "Transfer Encoding: chunked",
    ];
    refused(&heads, &content).await;
}

#[tokio::test]
async fn control_characters_in_a_field_are_refused() {
    let heads = [
        "X-Meta: a\x00b",
        "X-Meta: a\rTransfer-Encoding: chunked",
        "X-Meta: a\x07",
        "X-\x01Meta: a",
    ];
    refused(&heads, "").await;
}

#[tokio::test]
async fn broken_chunks_are_not_the_next_request() {
    // The head is in order, so the origin may see its request, but nothing of what follows.
    let chunks = [
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "-1\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "g\r\n",
    ];
    let origin = Origin::script([post("/").respond(ok("seen")).repeat()]);
    let gateway = Gateway::start(&origin).await;
    for chunk in chunks {
        let mut client = gateway.client().await;
        let head = "POST / HTTP/1.1\r\nHost: shoal.test\r\nTransfer-Encoding: chunked\r\n\r\n";
        client
            .write_in_vain(format!("{head}{chunk}{SMUGGLED}"))
            .await;
        let mut answers = Vec::new();
        while let Some(bytes) = client.try_raw().await {
            answers.extend_from_slice(&bytes);
        }
        let text = String::from_utf8_lossy(&answers);
        assert!(
            text.matches("HTTP/1.1 ").count() <= 1,
            "after {chunk:?}: {text}"
        );
    }
    let smuggled = origin
        .requests()
        .iter()
        .any(|request| request.target == "/admin");
    assert!(!smuggled, "{:?}", origin.requests());
}

#[tokio::test]
async fn the_origin_gets_one_framing_whatever_the_client_wrote() {
    let origin = Origin::script([
        post("/").body("hello").respond(ok("one")),
        post("/").body("hello").respond(ok("two")),
    ]);
    let gateway = Gateway::start(&origin).await;
    let chunked = post("/")
        .header("Transfer-Encoding", "chunked")
        .header("Trailer", "X-Evil")
        .body("5;x=\"y\"\r\nhello\r\n0\r\nX-Evil: 1\r\n\r\n");
    gateway.send(chunked).await.expect(ok("one"));
    gateway
        .send(post("/").body("hello"))
        .await
        .expect(ok("two"));
    for request in origin.requests() {
        let both = request.fields.has("Content-Length") && request.fields.has("Transfer-Encoding");
        assert!(!both && !request.fields.has("X-Evil"), "{request:?}");
    }
}

#[tokio::test]
async fn a_request_line_with_more_in_it_is_refused() {
    let origin = Origin::script([]);
    let gateway = Gateway::start(&origin).await;
    let lines = [
        "GET / HTTP/1.1 x",
        "GET\t/\tHTTP/1.1",
        "GET / HTTP/1.1\rX: y",
        "G(T / HTTP/1.1",
        "GET / HTTP/9.9",
        "GET / http/1.1",
        "GET",
    ];
    for line in lines {
        let mut client = gateway.client().await;
        client
            .write_in_vain(format!("{line}\r\nHost: shoal.test\r\n\r\n"))
            .await;
        let answer = client.try_raw().await.unwrap_or_default();
        assert!(
            answer.is_empty()
                || answer.starts_with(b"HTTP/1.1 4")
                || answer.starts_with(b"HTTP/1.1 505"),
            "after {line:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_response_that_smuggles_is_not_kept() {
    // What the origin sends beyond its response must not become the answer to the next request.
    let double = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nevil\
                  HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nevil";
    let origin = Origin::script([
        get("/a").respond(shoal_tests::raw(double)),
        get("/b").respond(ok("good").max_age(60)),
    ]);
    let gateway = Gateway::start(&origin).await;
    let mut client = gateway.client().await;
    client.send(get("/a")).await;
    client.send(get("/b")).await.expect(ok("good"));
    gateway.get("/b").await.expect(ok("good").hit());
}

#[tokio::test]
async fn a_response_with_doubtful_framing_is_an_error_and_not_kept() {
    let doubtful = [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: -4",
    ];
    let paths: Vec<String> = (0..doubtful.len()).map(|n| format!("/{n}")).collect();
    let steps = paths.iter().zip(doubtful).map(|(path, framing)| {
        let head =
            format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n{framing}\r\n\r\nevil!");
        get(path).respond(shoal_tests::raw(head)).repeat()
    });
    let origin = Origin::script(steps);
    let gateway = Gateway::start(&origin).await;
    for (path, framing) in paths.iter().zip(doubtful) {
        for _ in 0..2 {
            let mut client = gateway.client().await;
            client
                .write(format!("GET {path} HTTP/1.1\r\nHost: shoal.test\r\n\r\n"))
                .await;
            let answer = client.try_raw().await.unwrap_or_default();
            let hit = String::from_utf8_lossy(&answer).contains("; hit");
            assert!(!hit, "with {framing}: {answer:?}");
        }
    }
}
