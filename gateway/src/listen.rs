//! Where clients connect: dynamic listeners, caps, deadlines, TLS.
//!
//! Connections are accepted here and requests are answered in `proxy`. Pingora gets one request at a
//! time and gives the connection back.

pub mod accept;
mod connection;
mod head;
mod serve;
pub mod tls;
