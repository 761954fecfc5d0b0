//! What does an entry cost in resident memory, over its key and its body?
//!
//! One store is filled to a million entries and then to five; both are asked of the kernel. Each
//! has a key and a body of its own, a tag and an end; the metadata is shared. The second figure
//! is left out where there is too little memory.

use std::process::ExitCode;
use std::{fs, io};

use bytes::Bytes;
use mimalloc::MiMalloc;
use shoal_benches::verdict::{announce_measured, say};
use shoal_benches::{Verdict, load, process};
use shoal_cache::Moment;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const MILLIONS: [u64; 2] = [1, 5];
const MILLION: u64 = 1_000_000;
/// More than an entry of the bench takes.
const ENTRY_AT_MOST: u64 = 1024;
const SEGMENTS: usize = 16;
const GOAL: f64 = 70.0;

fn main() -> ExitCode {
    announce_measured("l1_memory", measure())
}

fn measure() -> io::Result<Vec<(String, Verdict)>> {
    let available = available()?;
    let before = process::resident()?;
    let store = load::store(u64::MAX / 2, SEGMENTS);
    let (mut stored, mut verdicts) = (0, Vec::new());
    for millions in MILLIONS {
        let entries = millions * MILLION;
        if entries * ENTRY_AT_MOST > available {
            say(format_args!("{millions} M entries: too little memory"));
            continue;
        }
        let mut payload = 0;
        for number in stored..entries {
            let key = load::key(number);
            payload = key.bytes.len() + load::BODY;
            let body = Bytes::from(vec![7; load::BODY]);
            load::put(&store, key, number, body, Moment(1 + number));
        }
        stored = entries;
        let total = store.stats();
        if total.total.entries != entries {
            return Err(io::Error::other("not every entry is in the store"));
        }
        let resident = process::resident()?.saturating_sub(before) as f64 / entries as f64;
        say(format_args!(
            "{millions} M entries: {resident:.1} bytes resident, {:.1} charged, {payload} of key and body",
            total.used as f64 / entries as f64,
        ));
        let verdict = Verdict::AtMost {
            figure: resident - payload as f64,
            goal: GOAL,
            unit: "bytes an entry",
        };
        verdicts.push((format!("l1_memory/{millions}M"), verdict));
    }
    Ok(verdicts)
}

fn available() -> io::Result<u64> {
    let memory = fs::read_to_string("/proc/meminfo")?;
    memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other("/proc/meminfo names no MemAvailable"))
}
