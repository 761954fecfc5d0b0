//! Where clients connect: dynamic listeners, caps, deadlines, TLS.
//!
//! Connections are accepted here and requests are answered in `proxy`. Pingora gets one request at a
//! time and gives the connection back.

pub mod accept;
mod connection;
pub mod date;
pub mod growing;
mod head;
pub mod http2;
mod serve;
mod socket;
mod stall;
pub mod tls;
