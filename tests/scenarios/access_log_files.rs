//! The access log as a file: rotated, bounded, one clean line a request.

use shoal_tests::{Gateway, Origin, get, ok};

#[tokio::test]
async fn a_file_that_is_renamed_is_opened_anew() {
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = Gateway::start(&origin).await;
    gateway.get("/").await.expect(ok("v1"));
    gateway.access_log(1).await;
    let (log, old) = (
        gateway.folder().join("access.log"),
        gateway.folder().join("access.log.1"),
    );
    std::fs::rename(&log, &old).unwrap();
    gateway.get("/").await.expect(ok("v1").hit());
    assert_eq!(gateway.access_log(1).await.len(), 1);
    assert_eq!(std::fs::read_to_string(&old).unwrap().lines().count(), 1);
    std::fs::remove_file(&log).unwrap();
    gateway.get("/").await.expect(ok("v1").hit());
    assert_eq!(gateway.access_log(1).await.len(), 1);
}

#[tokio::test]
async fn a_long_request_is_a_bounded_line() {
    let origin = Origin::script([get("/*").respond(ok("v1")).repeat()]);
    let gateway = Gateway::start(&origin).await;
    let long = "ü".repeat(5000);
    let path = format!("/{}?{}", "p".repeat(7000), "q".repeat(10_000));
    let ask = get(&path)
        .header("User-Agent", &long)
        .header("Referer", &long);
    gateway.send(ask).await.expect(ok("v1"));
    let line = &gateway.access_log_lines(1).await[0];
    assert!(line.len() < 20_000, "{} bytes", line.len());
}

#[tokio::test]
async fn the_combined_line_is_parsed_by_what_others_write() {
    let origin = Origin::script([get("/").respond(ok("v1"))]);
    let gateway = Gateway::with(&origin)
        .access_format("combined")
        .start()
        .await;
    // C1 control characters are characters to a terminal.
    let ask = get("/").header("User-Agent", "a\"b\\c\u{9b}31m");
    gateway.send(ask).await.expect(ok("v1"));
    let line = &gateway.access_log_lines(1).await[0];
    assert!(line.ends_with("\"a_b_c_31m\""), "{line}");
    let time = line.split(['[', ']']).nth(1).unwrap_or_default();
    let shape: String = time
        .chars()
        .map(|c| {
            if c.is_ascii_digit() {
                '0'
            } else if c.is_alphabetic() {
                'a'
            } else {
                c
            }
        })
        .collect();
    assert_eq!(shape, "00/aaa/0000:00:00:00 +0000", "{line}");
}
