//! What Pingora reports, in our words. What becomes of it is the table's.

use super::Failure;
use pingora_error::{Error, ErrorSource, ErrorType};
use std::io;

impl Failure {
    /// What `error` means.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "Pingora's list of errors grows"
    )]
    pub(in crate::proxy) fn of(error: &Error) -> Self {
        let upstream = matches!(error.esource(), ErrorSource::Upstream);
        if matches!(error.esource(), ErrorSource::Downstream) {
            return match error.etype() {
                ErrorType::InvalidHTTPHeader | ErrorType::HTTPStatus(400..=499) => Self::BadRequest,
                _other if took_nothing(error) => Self::ClientStalled,
                _other => Self::ClientGone,
            };
        }
        match error.etype() {
            ErrorType::ConnectTimedout => Self::ConnectionTimeout,
            ErrorType::ConnectRefused => Self::ConnectionRefused,
            ErrorType::ConnectNoRoute => Self::NoTarget,
            ErrorType::TLSHandshakeFailure
            | ErrorType::TLSHandshakeTimedout
            | ErrorType::TLSWantX509Lookup
            | ErrorType::InvalidCert
            | ErrorType::HandshakeError => Self::TlsFailed,
            ErrorType::ReadTimedout => Self::ReadTimeout,
            ErrorType::WriteTimedout => Self::WriteTimeout,
            ErrorType::ConnectError
            | ErrorType::ConnectProxyFailure
            | ErrorType::BindError
            | ErrorType::ConnectionClosed
            | ErrorType::ReadError
            | ErrorType::WriteError
            | ErrorType::SocketError
                if upstream =>
            {
                Self::ConnectionTerminated
            }
            ErrorType::InvalidHTTPHeader
            | ErrorType::H1Error
            | ErrorType::H2Error
            | ErrorType::H2Downgrade
            | ErrorType::InvalidH2
                if upstream =>
            {
                Self::ProtocolError
            }
            _other if upstream => Self::ConnectionTerminated,
            _other => Self::Internal,
        }
    }
}

/// A stream of HTTP/2 says so itself; of HTTP/1.1 the connection does, under what Pingora makes of it.
fn took_nothing(error: &Error) -> bool {
    let io = error.root_cause().downcast_ref::<io::Error>();
    matches!(error.etype(), ErrorType::WriteTimedout)
        || io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
}
