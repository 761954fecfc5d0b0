//! How many requests and bytes does each policy save an origin, beside the caches of other crates?
//!
//! Each workload runs at three capacities; ours with 16 segments. Generated workloads always run,
//! real traces are read from `SHOAL_TRACES=DIR`. A cut is the part of the misses of one list by last
//! use that a policy avoids. The goals are means over 1 % and 10 %.

use std::env;
use std::process::ExitCode;

use shoal_benches::played::{Misses, Played};
use shoal_benches::simulated::Simulated;
use shoal_benches::verdict::{announce_all, say};
use shoal_benches::workloads::Workload;
use shoal_benches::{Verdict, peers, traces, workloads};
use shoal_cache::{Algorithm, Optimize};

const SEGMENTS: usize = 16;
/// Parts of the objects, or of the bytes if they have sizes.
const CAPACITIES: [f64; 3] = [0.001, 0.01, 0.1];
/// The goals are about this part of the objects and more.
const JUDGED_FROM: f64 = 0.01;
/// Smaller caches say more about chance than about a policy.
const RESIDENTS_LEAST: f64 = 100.0;
/// A cache of fewer entries is not held against one of the peers.
const COMPARED_FROM: f64 = 500.0;

const OURS: [(&str, Optimize); 3] = [
    ("ours-bytes", Optimize::Bytes),
    ("ours-balanced", Optimize::Balanced),
    ("ours-objects", Optimize::Objects),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Generated,
    Real,
}

/// One policy on one workload at one capacity.
struct Run {
    policy: &'static str,
    source: Source,
    is_sized: bool,
    is_judged: bool,
    misses: Misses,
    cut: f64,
    byte_cut: f64,
}

fn main() -> ExitCode {
    let (mut runs, mut behind) = (Vec::new(), Vec::new());
    for (name, make) in workloads::ALL {
        measure(name, &make(), Source::Generated, &mut runs, &mut behind);
    }
    match env::var_os("SHOAL_TRACES") {
        Some(folder) => {
            for (name, workload) in traces::read(folder.as_ref()) {
                measure(name, &workload, Source::Real, &mut runs, &mut behind);
            }
        }
        None => say(format_args!("no real traces: SHOAL_TRACES names no folder")),
    }
    means(&runs);
    announce_all(&goals(&runs, &behind))
}

fn measure(
    name: &str,
    workload: &Workload,
    source: Source,
    runs: &mut Vec<Run>,
    behind: &mut Vec<f64>,
) {
    for part in CAPACITIES {
        let objects = workload.objects() as f64 * part;
        if objects < RESIDENTS_LEAST {
            continue;
        }
        say(format_args!(
            "{name}, {} requests, {} % of {} objects",
            workload.requests.len(),
            part * 100.0,
            workload.objects()
        ));
        let here = at(workload, part, source);
        here.iter().for_each(print);
        if source == Source::Real && objects >= COMPARED_FROM {
            behind.push(points_behind(&here));
        }
        runs.extend(here);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a part of what is there"
)]
fn at(workload: &Workload, part: f64, source: Source) -> Vec<Run> {
    let capacity = (workload.footprint() as f64 * part) as u64;
    let objects = (workload.objects() as f64 * part) as usize;
    let theirs = peers::ALL.map(|(policy, make)| (policy, make(capacity, objects)));
    let ours = OURS.map(|(policy, optimize)| {
        let cache = Simulated::new(Algorithm::SegmentedLru, optimize, SEGMENTS, capacity);
        (policy, Box::new(cache) as Box<dyn Played>)
    });
    let mut lru: Option<Misses> = None;
    theirs
        .into_iter()
        .chain(ours)
        .map(|(policy, mut cache)| {
            let misses = Misses::of(&mut *cache, workload);
            let base = *lru.get_or_insert(misses);
            Run {
                policy,
                source,
                is_sized: workload.sized,
                is_judged: part >= JUDGED_FROM,
                misses,
                cut: misses.cut(base),
                byte_cut: misses.byte_cut(base),
            }
        })
        .collect()
}

fn print(run: &Run) {
    let (missed, bytes) = (run.misses.percent(), run.misses.byte_percent());
    if run.is_sized {
        say(format_args!(
            "  {:14} misses {missed:5.1} % (cut {:5.1})  of bytes {bytes:5.1} % (cut {:5.1})",
            run.policy, run.cut, run.byte_cut
        ));
    } else {
        say(format_args!(
            "  {:14} misses {missed:5.1} % (cut {:5.1})",
            run.policy, run.cut
        ));
    }
}

/// How many points more ours misses than the best of the peers.
fn points_behind(runs: &[Run]) -> f64 {
    let of = |policy: &str| runs.iter().find(|run| run.policy == policy);
    let best = peers::ALL
        .iter()
        .filter_map(|(policy, _)| of(policy))
        .map(|run| run.misses.percent())
        .fold(f64::INFINITY, f64::min);
    of("ours-bytes").map_or(f64::INFINITY, |ours| ours.misses.percent() - best)
}

fn means(runs: &[Run]) {
    say(format_args!(
        "mean cuts over 1 % and 10 %: requests of real traces, requests of generated, bytes of sized"
    ));
    let policies = peers::ALL.iter().map(|(policy, _)| *policy);
    for policy in policies.chain(OURS.iter().map(|(policy, _)| *policy)) {
        let cell = |mean: Option<f64>| mean.map_or("-".to_owned(), |mean| format!("{mean:.1}"));
        say(format_args!(
            "  {policy:14} {:>6} {:>6} {:>6}",
            cell(mean(runs, policy, |r| r.source == Source::Real, |r| r.cut)),
            cell(mean(
                runs,
                policy,
                |r| r.source == Source::Generated,
                |r| r.cut
            )),
            cell(mean(runs, policy, |r| r.is_sized, |r| r.byte_cut)),
        ));
    }
}

fn mean(
    runs: &[Run],
    policy: &str,
    is_counted: impl Fn(&Run) -> bool,
    figure: impl Fn(&Run) -> f64,
) -> Option<f64> {
    let figures: Vec<f64> = runs
        .iter()
        .filter(|run| run.policy == policy && run.is_judged && is_counted(run))
        .map(figure)
        .collect();
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

fn goals(runs: &[Run], behind: &[f64]) -> Vec<(String, Verdict)> {
    let at_least = |figure: Option<f64>, goal| match figure {
        Some(figure) => Verdict::AtLeast {
            figure,
            goal,
            unit: "%",
        },
        None => Verdict::Void {
            why: "there were no traces",
        },
    };
    let real = mean(runs, "ours-bytes", |r| r.source == Source::Real, |r| r.cut);
    let bytes = mean(runs, "ours-bytes", |r| r.is_sized, |r| r.byte_cut);
    let objects = mean(runs, "ours-objects", |r| r.is_sized, |r| r.cut);
    let worst = behind.iter().copied().reduce(f64::max);
    let worst = worst.map_or(
        Verdict::Void {
            why: "there were no traces",
        },
        |figure| Verdict::AtMost {
            figure,
            goal: 1.0,
            unit: "points behind the best peer",
        },
    );
    vec![
        ("hit_ratio/real".to_owned(), at_least(real, 10.0)),
        ("hit_ratio/worst_trace".to_owned(), worst),
        ("hit_ratio/bytes".to_owned(), at_least(bytes, 9.0)),
        ("hit_ratio/objects".to_owned(), at_least(objects, 26.0)),
    ]
}
