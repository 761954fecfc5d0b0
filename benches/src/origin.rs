//! An origin that costs little beside what is measured: any path gives one fresh response of one kind.
//!
//! A blocking thread serves each connection. It reads request heads only, so it takes `GET`s and no
//! bodies; scripted origins for stories are in `tests/harness`.

use crate::chance::Chance;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// A longer head is not one that the benches send.
const HEAD_MAX: usize = 16 * 1024;

/// What its bodies are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Text: the path, then dots.
    Plain,
    /// JSON: records with words and numbers, as interfaces give them.
    Json,
    /// A picture: bytes that no compression shrinks.
    Picture,
}

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
        Self::of(Content::Plain, size)
    }

    /// The same with bodies of another kind.
    pub fn of(content: Content, size: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // The peer sees an error as a closed connection.
                thread::spawn(move || serve(&stream, content, size, &count));
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

impl Content {
    /// Its type, as the origin names it.
    const fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Json => "application/json",
            Self::Picture => "image/jpeg",
        }
    }

    /// The body that the origin gives for `path`.
    pub fn body(self, path: &str, size: usize) -> Vec<u8> {
        let mut chance = Chance::new(path.bytes().fold(7, |sum: u64, byte| {
            sum.wrapping_mul(131).wrapping_add(byte.into())
        }));
        match self {
            Self::Plain => body(path, size),
            Self::Json => json(path, size, &mut chance),
            Self::Picture => {
                let numbers =
                    (0..size.div_ceil(8)).flat_map(|_| chance.next_number().to_le_bytes());
                numbers.take(size).collect()
            }
        }
    }
}

fn json(path: &str, size: usize, chance: &mut Chance) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "river", "stone", "lamp", "green", "quick", "paper", "north", "cloud", "bread", "silver",
        "garden", "window",
    ];
    let mut text = format!("{{\"path\":\"{path}\",\"items\":[");
    let word = |chance: &mut Chance| {
        let number = usize::try_from(chance.below(12)).unwrap_or(0);
        WORDS.get(number).copied().unwrap_or_default()
    };
    while text.len() < size {
        let (id, price) = (chance.below(1_000_000), chance.below(100_000));
        let (first, second) = (word(chance), word(chance));
        text += &format!(
            "{{\"id\":{id},\"name\":\"{first} {second}\",\"price\":{price},\"available\":true}},"
        );
    }
    text.truncate(size);
    text.into_bytes()
}

fn serve(stream: &TcpStream, content: Content, size: usize, count: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(path) = read_head(&mut reader)? {
        let mut response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nCache-Control: max-age=3600\r\n\
             Content-Length: {size}\r\n\r\n",
            content.media_type()
        )
        .into_bytes();
        response.extend(content.body(&path, size));
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
