//! The admin API's client behind `status`, `reload` and `purge`.

use super::{Admin, ConfigFile, Exit, complain};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;

/// An answer takes no longer, a purge of a whole cluster included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Answers are small.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

const DEFAULT_ADDRESS: &str = "127.0.0.1:9901";

/// What the gateway said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// Tells a person why the gateway refused.
    pub(super) fn refused(&self) -> Exit {
        let error = self.body.get("error").unwrap_or(&self.body);
        match error.as_str() {
            Some(text) => complain(format_args!("error: {text}")),
            None => complain(format_args!("error: {} {error}", self.status)),
        }
        Exit::Refused
    }
}

/// Asks the running gateway. The error is printed already.
pub(super) fn ask(
    admin: &Admin,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, Exit> {
    let (address, token) = admin.find();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        complain(format_args!("error: {error}"));
        Exit::Runtime
    })?;
    let answered = runtime.block_on(async {
        let exchange = exchange(&address, token, method, path, body);
        tokio::time::timeout(TIMEOUT, exchange).await
    });
    let unreachable = |error: &dyn std::fmt::Display| {
        complain(format_args!(
            "error: the gateway's admin at {address} does not answer: {error}"
        ));
        Exit::Unreachable
    };
    match answered {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(unreachable(&error)),
        Err(elapsed) => Err(unreachable(&elapsed)),
    }
}

async fn exchange(
    address: &str,
    token: Option<String>,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    let response = sender
        .send_request(request.body(Full::new(Bytes::from(body)))?)
        .await?;
    let status = response.status();
    let bytes = Limited::new(response.into_body(), ANSWER_MAX)
        .collect()
        .await?
        .to_bytes();
    driver.abort();
    let text = || Value::String(String::from_utf8_lossy(&bytes).trim_end().to_owned());
    Ok(Answer {
        status,
        body: serde_json::from_slice(&bytes).unwrap_or_else(|_text| text()),
    })
}

impl Admin {
    /// As told, else as the discovered configuration says, else the default.
    fn find(&self) -> (String, Option<String>) {
        let file = ConfigFile {
            config: std::env::var_os("SHOAL_CONFIG").map(Into::into),
        };
        let config = file
            .find()
            .ok()
            .and_then(|path| crate::config::load::from_file(&path).ok());
        let address = self.admin.clone();
        let address = address.or(config.as_ref().map(|c| c.admin.address.to_string()));
        let token = self.token.clone();
        let token = token.or(config.and_then(|c| c.admin.token).map(|secret| secret.0));
        (address.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()), token)
    }
}
