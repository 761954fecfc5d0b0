//! Parts of stored responses (RFC 9110 section 14).

use shoal_tests::{Gateway, Origin, get, ok, status};

/// A gateway that has stored ten bytes under `/`.
async fn ten_bytes(origin: &Origin) -> Gateway {
    let gateway = Gateway::start(origin).await;
    gateway.get("/").await.expect(ok("0123456789"));
    gateway
}

fn origin() -> Origin {
    Origin::script([get("/").respond(ok("0123456789").max_age(60).etag("1"))])
}

#[tokio::test]
async fn a_range_is_cut_from_the_stored_response() {
    let origin = origin();
    let gateway = ten_bytes(&origin).await;
    for (range, body, place) in [
        ("2-4", "234", "2-4"),
        ("7-", "789", "7-9"),
        ("-2", "89", "8-9"),
    ] {
        let place = format!("bytes {place}/10");
        let expected = status(206).body(body).header("Content-Range", &place).hit();
        gateway.send(get("/").range(range)).await.expect(expected);
    }
}

#[tokio::test]
async fn a_chunked_response_can_be_cut_too() {
    let origin = Origin::script([get("/").respond(ok("0123456789").max_age(60).chunked())]);
    let gateway = ten_bytes(&origin).await;
    let expected = status(206)
        .body("01")
        .header("Content-Range", "bytes 0-1/10")
        .hit();
    gateway.send(get("/").range("0-1")).await.expect(expected);
}

#[tokio::test]
async fn several_ranges_come_as_parts() {
    let origin = origin();
    let gateway = ten_bytes(&origin).await;
    let parts = gateway
        .send(get("/").range("0-1,8-9"))
        .await
        .expect(status(206).hit());
    let kind = parts.header("Content-Type").unwrap();
    assert!(
        kind.starts_with("multipart/byteranges; boundary="),
        "{kind}"
    );
    for part in ["Content-Range: bytes 0-1/10", "Content-Range: bytes 8-9/10"] {
        assert!(
            parts.text().to_lowercase().contains(&part.to_lowercase()),
            "{}",
            parts.text()
        );
    }
}

#[tokio::test]
async fn a_range_outside_is_416() {
    let origin = origin();
    let gateway = ten_bytes(&origin).await;
    let expected = status(416).header("Content-Range", "bytes */10");
    gateway.send(get("/").range("10-12")).await.expect(expected);
}

#[tokio::test]
async fn if_range_guards_against_mixed_versions() {
    let origin = origin();
    let gateway = ten_bytes(&origin).await;
    let ask = |tag: &str| get("/").range("0-1").header("If-Range", tag);
    gateway
        .send(ask("\"1\""))
        .await
        .expect(status(206).body("01").hit());
    gateway
        .send(ask("\"2\""))
        .await
        .expect(ok("0123456789").hit());
    // Only a strong comparison will do: RFC 9110 section 13.1.5.
    gateway
        .send(ask("W/\"1\""))
        .await
        .expect(ok("0123456789").hit());
}
