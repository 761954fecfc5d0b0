//! An origin that costs little beside what is measured: any path gives one small fresh response.
//!
//! A blocking thread serves each connection. It reads request heads only, so it takes `GET`s and no
//! bodies; scripted origins for stories are in `tests/harness`.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A longer head is not one that the benches send.
const HEAD_MAX: usize = 16 * 1024;

/// A listening origin. Its threads end with the process.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
}

impl Origin {
    /// Serves bodies of `size` bytes that are fresh for an hour. Each body begins with its path, so
    /// that no two are alike.
    pub fn start(size: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // The peer sees an error as a closed connection.
                thread::spawn(move || serve(&stream, size, &count));
            }
        });
        Ok(Self { address, requests })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests it has answered.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// The body that the origin gives for `path`.
pub fn body(path: &str, size: usize) -> Vec<u8> {
    let mut body = path.as_bytes().to_vec();
    body.resize(size, b'.');
    body
}

fn serve(stream: &TcpStream, size: usize, count: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(path) = read_head(&mut reader)? {
        let mut response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: max-age=3600\r\n\
             Content-Length: {size}\r\n\r\n"
        )
        .into_bytes();
        response.extend(body(&path, size));
        count.fetch_add(1, Ordering::Relaxed);
        writer.write_all(&response)?;
    }
    Ok(())
}

/// The path of the next request; `None` where the peer has closed.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut path = None;
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        length += reader.read_line(&mut line)?;
        match line.trim_end() {
            "" => return Ok(path),
            _ if length > HEAD_MAX => return Err(io::Error::other("the head is too long")),
            text if path.is_none() => {
                path = text.split(' ').nth(1).map(str::to_owned);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Client;

    #[test]
    fn each_path_has_its_own_body_of_the_given_size() {
        let origin = Origin::start(64).unwrap();
        let mut client = Client::connect(origin.address()).unwrap();
        let mut body_of = |path: &str| {
            let answer = client.get(path, "").unwrap();
            assert_eq!(answer.status, 200);
            client.body().to_vec()
        };
        assert_eq!(body_of("/a"), body("/a", 64));
        assert_eq!(body_of("/b"), body("/b", 64));
        assert_eq!(origin.requests(), 2);
    }
}
