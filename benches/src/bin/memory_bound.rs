//! Does `max_memory` bound the memory of the process, and not only what the cache believes?
//!
//! A million distinct 1 KB responses go through a gateway whose cache may take 512 MiB. The figure
//! is the most memory that the process ever had resident; the goal is `max_memory` plus 5 % plus what
//! it had before the first request. A cache that keeps too little would meet that goal for nothing:
//! the share of stored bodies is printed and has a floor of its own.

use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, thread};

use shoal_benches::verdict::say;
use shoal_benches::{Client, Gateway, Origin, Verdict, origin};

const MAX_MEMORY_MIB: u64 = 512;
const MIB: u64 = 1024 * 1024;
/// Distinct responses. `SHOAL_BENCH_REQUESTS` asks for fewer while a bench is being written.
const REQUESTS: u64 = 1_000_000;
const BODY: usize = 1024;
/// Blocking connections; enough to keep two cores busy.
const CONNECTIONS: u64 = 32;
/// Often enough to see a peak: a thousandth of the load's bytes at 20,000 requests a second.
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// What the allocator may add to `max_memory`.
const ALLOWANCE: f64 = 1.05;
/// One key in so many is looked up afterwards.
const LOOK_UP_EVERY: u64 = 97;
/// Bodies of 1 KB need about as much again for keys, fields and bookkeeping.
const HELD_MIN: f64 = 0.4;

fn main() -> ExitCode {
    match measure() {
        Ok(verdict) => verdict.announce("memory_bound"),
        Err(error) => {
            say(format_args!("memory_bound: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<Verdict> {
    let requests = env::var("SHOAL_BENCH_REQUESTS")
        .ok()
        .and_then(|text| text.parse().ok());
    let requests = requests.unwrap_or(REQUESTS);
    let origin = Origin::start(BODY)?;
    let gateway = Gateway::start(&configuration(&origin))?;
    let before = gateway.resident()?;
    say(format_args!(
        "resident before the first request: {:.1} MiB",
        mib(before)
    ));

    let began = Instant::now();
    let most = load_while_sampling(&gateway, requests)?;
    let seconds = began.elapsed().as_secs_f64();
    say(format_args!(
        "{requests} distinct responses of {BODY} bytes in {seconds:.1} s ({:.0}/s), {} at the origin",
        requests as f64 / seconds,
        origin.requests(),
    ));

    let held = stored_share(&gateway, requests)?;
    let stored_bodies = held * requests as f64 * BODY as f64 / mib_bytes();
    say(format_args!(
        "stored: {:.1} % of the responses; their bodies are {:.1} % of max_memory",
        held * 100.0,
        stored_bodies * 100.0,
    ));
    let could_fill = requests as f64 * BODY as f64 / mib_bytes();
    if stored_bodies < HELD_MIN.min(could_fill * HELD_MIN) {
        return Ok(Verdict::Void {
            why: "too little was stored",
        });
    }
    Ok(Verdict::AtMost {
        figure: mib(most),
        goal: MAX_MEMORY_MIB as f64 * ALLOWANCE + mib(before),
        unit: "MiB",
    })
}

fn configuration(origin: &Origin) -> String {
    format!(
        "listeners: [{{ address: \"127.0.0.1:0\" }}]\n\
         upstreams: {{ origin: {{ targets: [\"{}\"] }} }}\n\
         routes: [{{ name: all, match: {{ path: \"/*\" }}, upstream: origin }}]\n\
         cache: {{ distributed: {{ enabled: false, local: {{ max_memory: {MAX_MEMORY_MIB}MiB }} }} }}\n\
         admin: {{ address: \"127.0.0.1:0\" }}\n\
         log: {{ level: warn }}\n",
        origin.address()
    )
}

/// Asks for every path once and gives the most memory that was resident meanwhile.
fn load_while_sampling(gateway: &Gateway, requests: u64) -> io::Result<u64> {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let (finished, stop) = mpsc::channel();
        let sampler = scope.spawn(move || sample(gateway, &stop));
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| scope.spawn(|| ask_until_done(gateway, &next, requests)))
            .collect();
        let asked: Vec<_> = workers.into_iter().map(joined).collect();
        drop(finished);
        let most = joined(sampler)?;
        asked.into_iter().collect::<io::Result<()>>()?;
        Ok(most)
    })
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, io::Result<T>>) -> io::Result<T> {
    thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
}

fn sample(gateway: &Gateway, stop: &Receiver<()>) -> io::Result<u64> {
    let mut most = 0;
    loop {
        most = most.max(gateway.resident()?);
        match stop.recv_timeout(SAMPLE_EVERY) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                return Ok(most.max(gateway.resident()?));
            }
        }
    }
}

fn ask_until_done(gateway: &Gateway, next: &AtomicU64, requests: u64) -> io::Result<()> {
    let mut client = Client::connect(gateway.address())?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= requests {
            return Ok(());
        }
        let path = path(number);
        let answer = client.get(&path, "")?;
        if answer.status != 200 || client.body() != origin::body(&path, BODY) {
            return Err(io::Error::other(format!(
                "{path}: wrong answer, status {}",
                answer.status
            )));
        }
    }
}

/// Looks up a sample of the paths without asking the origin (RFC 9111 section 5.2.1.7), so that the
/// count changes nothing that it counts.
fn stored_share(gateway: &Gateway, requests: u64) -> io::Result<f64> {
    let mut client = Client::connect(gateway.address())?;
    let (mut asked, mut hits) = (0_u32, 0_u32);
    for number in (0..requests).step_by(usize::try_from(LOOK_UP_EVERY).unwrap_or(1)) {
        let answer = client.get(&path(number), "Cache-Control: only-if-cached\r\n")?;
        asked += 1;
        hits += u32::from(answer.hit);
    }
    Ok(f64::from(hits) / f64::from(asked.max(1)))
}

fn path(number: u64) -> String {
    format!("/object/{number:07}")
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB as f64
}

fn mib_bytes() -> f64 {
    (MAX_MEMORY_MIB * MIB) as f64
}
