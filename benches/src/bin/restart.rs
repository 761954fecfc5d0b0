//! Is a gateway that was restarted as good as before, and how soon?
//!
//! A gateway whose cache is full answers a Zipf load; its hit ratio over the last ten seconds is what it was
//! worth. It is stopped, which writes a snapshot of at least a gibibyte, and started again. The figures are
//! the time from the start of the process to its first answer, and the hit ratio in the first ten seconds
//! of the same load, as a share of the one before. A load that a cold cache serves as well would prove
//! nothing: the ratio of a third gateway, which has no snapshot, is printed and has a ceiling.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use shoal_benches::chance::{Chance, Zipf};
use shoal_benches::verdict::{announce_measured, say};
use shoal_benches::{Client, Gateway, Origin, Verdict, origin};

const MIB: u64 = 1024 * 1024;
const MAX_MEMORY_MIB: u64 = 1280;
const SNAPSHOT_MIN_MIB: u64 = 1024;
const BODY: usize = 8192;
/// Objects that are asked for: three times what fits.
const OBJECTS: u64 = 480_000;
const EXPONENT: f64 = 0.9;
/// Blocking connections; enough to keep two cores busy.
const CONNECTIONS: u64 = 32;
/// What is asked for before the first figure, so that the cache is full.
const WARM: Duration = Duration::from_secs(75);
const MEASURED: Duration = Duration::from_secs(10);
const FIRST_ANSWER_MAX: f64 = 2.0;
/// Of the hit ratio before, in percent.
const BACK_MIN: f64 = 95.0;

fn main() -> ExitCode {
    announce_measured("restart", measure())
}

fn measure() -> io::Result<Vec<(String, Verdict)>> {
    let origin = Origin::start(BODY)?;
    let folder = tempfile::tempdir()?;
    let snapshot = folder.path().join("l1.snapshot");
    let zipf = Zipf::new(OBJECTS, EXPONENT);
    let mut gateway = Gateway::start(&configuration(&origin, Some(&snapshot)))?;

    let warm = load(&gateway, &zipf, 1, WARM)?;
    say(format_args!(
        "warmed by {} requests, {:.1} % hits, {:.0} MiB resident",
        warm.requests,
        warm.percent(),
        gateway.resident()? as f64 / MIB as f64
    ));
    let before = load(&gateway, &zipf, 2, MEASURED)?;
    before.say("before the stop");

    let stopping = Instant::now();
    gateway.stop()?;
    let length = snapshot.metadata()?.len();
    say(format_args!(
        "stopped in {:.2} s with a snapshot of {:.0} MiB",
        stopping.elapsed().as_secs_f64(),
        length as f64 / MIB as f64
    ));

    let starting = Instant::now();
    gateway.start_again()?;
    let answer = Client::connect(gateway.address())?.get(&path(0), "")?;
    let first = starting.elapsed().as_secs_f64();
    say(format_args!(
        "first answer after {first:.2} s, a {}",
        if answer.hit { "hit" } else { "miss" }
    ));
    let after = load(&gateway, &zipf, 3, MEASURED)?;
    after.say("after the start");
    drop(gateway);

    let cold = Gateway::start(&configuration(&origin, None))?;
    let cold = load(&cold, &zipf, 3, MEASURED)?;
    cold.say("without a snapshot");

    let back = 100.0 * after.percent() / before.percent();
    let enough = length >= SNAPSHOT_MIN_MIB * MIB;
    let tells = cold.percent() < before.percent() * BACK_MIN / 100.0;
    let ratio = match (enough, tells) {
        (false, _) => Verdict::Void {
            why: "the snapshot is too small",
        },
        (true, false) => Verdict::Void {
            why: "a cold cache does as well",
        },
        (true, true) => Verdict::AtLeast {
            figure: back,
            goal: BACK_MIN,
            unit: "%",
        },
    };
    let first = Verdict::AtMost {
        figure: first,
        goal: FIRST_ANSWER_MAX,
        unit: "s",
    };
    Ok(vec![
        ("restart, first answer".to_owned(), first),
        ("restart, hit ratio of before".to_owned(), ratio),
    ])
}

fn configuration(origin: &Origin, snapshot: Option<&Path>) -> String {
    let snapshot = snapshot.map_or(String::new(), |path| {
        format!(
            ", snapshot: {{ path: \"{}\", interval: 1h }}",
            path.display()
        )
    });
    format!(
        "server: {{ grace_period: 60s }}\n\
         listeners: [{{ address: \"127.0.0.1:0\" }}]\n\
         upstreams: {{ origin: {{ targets: [\"{}\"] }} }}\n\
         routes: [{{ name: all, match: {{ path: \"/*\" }}, upstream: origin }}]\n\
         cache: {{ distributed: {{ local: {{ max_memory: {MAX_MEMORY_MIB}MiB{snapshot} }} }} }}\n\
         admin: {{ address: \"127.0.0.1:0\" }}\n\
         log: {{ level: warn }}\n",
        origin.address()
    )
}

/// What a load met.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    requests: u64,
    hits: u64,
}

impl Met {
    fn percent(self) -> f64 {
        100.0 * self.hits as f64 / self.requests.max(1) as f64
    }

    fn say(self, when: &str) {
        say(format_args!(
            "{when}: {} requests in {} s, {:.2} % hits",
            self.requests,
            MEASURED.as_secs(),
            self.percent()
        ));
    }
}

/// Asks for so long, the same for the same `seed`.
fn load(gateway: &Gateway, zipf: &Zipf, seed: u64, time: Duration) -> io::Result<Met> {
    let until = Instant::now() + time;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let chance = Chance::new(seed * CONNECTIONS + number);
                scope.spawn(move || ask(gateway, zipf, chance, until))
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

fn ask(gateway: &Gateway, zipf: &Zipf, mut chance: Chance, until: Instant) -> io::Result<Met> {
    let mut client = Client::connect(gateway.address())?;
    let mut met = Met::default();
    while Instant::now() < until {
        let path = path(zipf.draw(&mut chance));
        let answer = client.get(&path, "")?;
        if answer.status != 200 || client.body() != origin::body(&path, BODY) {
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
