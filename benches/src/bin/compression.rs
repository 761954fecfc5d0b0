//! Does keeping bodies compressed pay, and does it cost nothing where it cannot?
//!
//! A Zipf load asks for JSON of twice the size of the memory. The figures are how many more objects
//! `adaptive` stores than `off`, and by how much the hit ratio rises. Then the same load over pictures, which
//! nothing shrinks: the figure is the share of the gateway's processor time that goes to other threads than
//! those that serve requests. The sweep and more is in it beside the pass, so that the looking costs less. What
//! neighbours do weighs on both alike.

use std::io;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use shoal_benches::chance::{Chance, Zipf};
use shoal_benches::origin::Content;
use shoal_benches::verdict::{announce_measured, say};
use shoal_benches::{Client, Gateway, Origin, Verdict};

const MAX_MEMORY_MIB: u64 = 64;
const BODY: usize = 8192;
/// Their bodies are twice `MAX_MEMORY_MIB`.
const OBJECTS: u64 = 2 * (MAX_MEMORY_MIB << 20) / BODY as u64;
const EXPONENT: f64 = 0.8;
const CONNECTIONS: u64 = 16;
/// Threads of the gateway that serve requests.
const WORKERS: usize = 2;
const WARM: Duration = Duration::from_secs(6);
const MEASURED: Duration = Duration::from_secs(5);
const MORE_OBJECTS: f64 = 2.0;
/// Of the gateway's processor time, in percent.
const COST_MAX: f64 = 1.0;

fn main() -> ExitCode {
    announce_measured("compression", measure())
}

fn measure() -> io::Result<Vec<(String, Verdict)>> {
    let zipf = Zipf::new(OBJECTS, EXPONENT);
    let run = |content, mode| {
        let met = run(&zipf, content, mode)?;
        say(format_args!(
            "{content:?}, {mode}: {} requests, {:.2} % hits, {} objects stored, {:.2} µs of processor time each, \
             {:.3} ms of it beside requests",
            met.requests,
            met.percent(),
            met.stored,
            met.processor.as_secs_f64() * 1e6 / met.requests.max(1) as f64,
            met.beside.as_secs_f64() * 1e3
        ));
        io::Result::Ok(met)
    };
    let (off, adaptive) = (run(Content::Json, "off")?, run(Content::Json, "adaptive")?);
    let pictures = run(Content::Picture, "adaptive")?;
    let verdicts = [
        (
            "objects",
            Verdict::AtLeast {
                figure: adaptive.stored as f64 / off.stored.max(1) as f64,
                goal: MORE_OBJECTS,
                unit: "times",
            },
        ),
        (
            "hit ratio",
            Verdict::AtLeast {
                figure: adaptive.percent() - off.percent(),
                goal: 0.1,
                unit: "points",
            },
        ),
        ("pictures", pictures.cost()),
    ];
    let named = |(name, verdict)| (format!("compression, {name}"), verdict);
    Ok(verdicts.map(named).into())
}

/// What a load met.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    requests: u64,
    hits: u64,
    stored: u64,
    processor: Duration,
    /// The part of it of threads that serve no requests.
    beside: Duration,
}

impl Met {
    fn percent(self) -> f64 {
        100.0 * self.hits as f64 / self.requests.max(1) as f64
    }

    fn cost(self) -> Verdict {
        if self.beside.is_zero() {
            return Verdict::Void {
                why: "no thread ran the pass",
            };
        }
        Verdict::AtMost {
            figure: 100.0 * self.beside.as_secs_f64() / self.processor.as_secs_f64(),
            goal: COST_MAX,
            unit: "%",
        }
    }
}

fn run(zipf: &Zipf, content: Content, mode: &str) -> io::Result<Met> {
    let origin = Origin::of(content, BODY)?;
    let gateway = Gateway::start(&configuration(&origin, mode))?;
    load(&gateway, zipf, content, 1, WARM)?;
    let before = gateway.threads()?;
    let met = load(&gateway, zipf, content, 2, MEASURED)?;
    let spent = |(thread, time): (u32, Duration)| {
        time.saturating_sub(before.get(&thread).copied().unwrap_or_default())
    };
    let mut spent: Vec<Duration> = gateway.threads()?.into_iter().map(spent).collect();
    spent.sort_unstable();
    // The workers are the busiest. Were one of them less busy than the pass, its time would stand for that.
    let others = spent.len().saturating_sub(WORKERS);
    let processor = spent.iter().sum();
    let beside = spent.iter().take(others).sum();
    // Each path once, and without asking the origin, so that the count changes nothing.
    let mut client = Client::connect(gateway.address())?;
    let mut stored = 0;
    for number in 0..OBJECTS {
        let answer = client.get(&path(number), "Cache-Control: only-if-cached\r\n")?;
        stored += u64::from(answer.hit);
    }
    Ok(Met {
        stored,
        processor,
        beside,
        ..met
    })
}

fn configuration(origin: &Origin, mode: &str) -> String {
    format!(
        "server: {{ threads: {WORKERS} }}\n\
         listeners: [{{ address: \"127.0.0.1:0\" }}]\n\
         upstreams: {{ origin: {{ targets: [\"{}\"] }} }}\n\
         routes: [{{ name: all, match: {{ path: \"/*\" }}, upstream: origin }}]\n\
         cache: {{ distributed: {{ local: {{ max_memory: {MAX_MEMORY_MIB}MiB, cleanup_interval: 1s, \
         compression: {mode} }} }} }}\n\
         admin: {{ address: \"127.0.0.1:0\" }}\n\
         log: {{ level: warn }}\n",
        origin.address()
    )
}

/// Asks for so long, the same for the same `seed`.
fn load(
    gateway: &Gateway,
    zipf: &Zipf,
    content: Content,
    seed: u64,
    time: Duration,
) -> io::Result<Met> {
    let until = Instant::now() + time;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let chance = Chance::new(seed * CONNECTIONS + number);
                scope.spawn(move || ask(gateway, zipf, content, chance, until))
            })
            .collect();
        let mut met = Met::default();
        for worker in workers {
            let asked = worker
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))?;
            met.requests += asked.requests;
            met.hits += asked.hits;
        }
        Ok(met)
    })
}

fn ask(
    gateway: &Gateway,
    zipf: &Zipf,
    content: Content,
    mut chance: Chance,
    until: Instant,
) -> io::Result<Met> {
    let mut client = Client::connect(gateway.address())?;
    let mut met = Met::default();
    while Instant::now() < until {
        let path = path(zipf.draw(&mut chance));
        let answer = client.get(&path, "")?;
        if answer.status != 200 || client.body() != content.body(&path, BODY) {
            return Err(io::Error::other(format!("{path}: wrong answer")));
        }
        met.requests += 1;
        met.hits += u64::from(answer.hit);
    }
    Ok(met)
}

fn path(number: u64) -> String {
    format!("/object/{number:07}")
}
