//! TLS: which certificate is shown, which protocol is agreed on, certificates that change.

use shoal_tests::{Alpn, Authority, Config, Gateway, Issued, Origin, eventually, get, ok};

const LISTENER: &str = "protocols: [http1, h2], tls: public";

fn with_certificates(config: Config, certificates: &[(&str, &Issued)]) -> Config {
    let pair = |(name, _): &(&str, &Issued)| format!("{{ cert: {name}.pem, key: {name}.key }}");
    let pairs: Vec<String> = certificates.iter().map(pair).collect();
    let config = config.listener(LISTENER).yaml(&format!(
        "tls: {{ public: {{ certificates: [{}] }} }}",
        pairs.join(", ")
    ));
    certificates.iter().fold(config, |config, (name, issued)| {
        config
            .file(&format!("{name}.pem"), &issued.cert)
            .file(&format!("{name}.key"), &issued.key)
    })
}

#[tokio::test]
async fn the_server_name_picks_the_certificate() {
    let authority = Authority::new();
    let (a, b) = (authority.issue("a.test"), authority.issue("b.test"));
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let config = with_certificates(Gateway::with(&origin), &[("a", &a), ("b", &b)]);
    let gateway = config.start().await;
    let first = gateway.tls("a.test", &authority, Alpn::Http1).await;
    assert_eq!(first.certificate(), a.der);
    first.http1().send(get("/")).await.expect(ok("v1"));
    let second = gateway.tls("b.test", &authority, Alpn::Http1).await;
    assert_eq!(second.certificate(), b.der);
    second.http1().send(get("/")).await.expect(ok("v1").hit());
}

#[tokio::test]
async fn http2_is_agreed_on() {
    let authority = Authority::new();
    let a = authority.issue("a.test");
    let origin = Origin::script([get("/").respond(ok("v1").max_age(60))]);
    let gateway = with_certificates(Gateway::with(&origin), &[("a", &a)])
        .start()
        .await;
    let handshake = gateway.tls("a.test", &authority, Alpn::H2).await;
    assert_eq!(handshake.protocol(), "h2");
    let client = handshake.h2().await;
    client.send(get("/")).await.expect(ok("v1"));
    client.send(get("/")).await.expect(ok("v1").hit());
    assert_eq!(
        origin.requests()[0].header("X-Forwarded-Proto").as_deref(),
        Some("https")
    );
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let authority = Authority::new();
    let (old, new) = (authority.issue("a.test"), authority.issue("a.test"));
    let origin = Origin::script([]);
    let gateway = with_certificates(Gateway::with(&origin), &[("a", &old)])
        .start()
        .await;
    assert_eq!(
        gateway
            .tls("a.test", &authority, Alpn::Http1)
            .await
            .certificate(),
        old.der
    );
    gateway.write_file("a.key", &new.key);
    gateway.write_file("a.pem", &new.cert);
    gateway.reload().await;
    let shown = async || {
        let handshake = gateway.tls("a.test", &authority, Alpn::Http1).await;
        (handshake.certificate() == new.der).then_some(())
    };
    eventually("the new certificate", shown).await;
}

#[tokio::test]
async fn a_certificate_without_its_key_keeps_the_gateway_from_starting() {
    let authority = Authority::new();
    let a = authority.issue("a.test");
    let stranger = Issued {
        key: authority.issue("b.test").key,
        ..a
    };
    let origin = Origin::script([]);
    let refused = with_certificates(Gateway::with(&origin), &[("a", &stranger)])
        .expect_refused()
        .await;
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("a.pem") || refused.stderr.contains("a.key"),
        "{}",
        refused.stderr
    );
}
