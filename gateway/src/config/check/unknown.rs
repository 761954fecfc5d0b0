//! Tells about a key that does not exist: what was probably meant, and what there is.

use super::foreign;
use super::shape::Shape;
use crate::config::problem::nearest::nearest;
use crate::config::problem::report::Report;
use crate::config::tree::{Entry, Kind, Path};

/// Longer lists are cut: they hide the advice above them.
const KEYS_SHOWN_MAX: usize = 30;

/// Reports `entry`, which is none of `shape`'s keys, and returns the one that was probably meant.
pub(super) fn report(
    entry: &Entry,
    shape: &Shape,
    path: &Path,
    report: &mut Report<'_>,
) -> Option<&'static str> {
    let key = entry.key.as_str();
    let allowed: Vec<_> = shape.keys().collect();
    let foreign = foreign::ours(key);
    let meant = foreign
        .iter()
        .map(last)
        .find(|ours| allowed.contains(ours))
        .or_else(|| nearest(key, allowed.iter().copied()));
    // A key that is spelled wrong may hold a secret all the same.
    let secret = match meant {
        Some(ours) => shape.entry(ours).is_some_and(|shape| shape.is_secret()),
        None => is_secret_word(key),
    };
    if secret && matches!(entry.value.kind, Kind::Scalar { .. }) {
        report.hide(entry.value.at);
    }
    let problem = report
        .error(entry.key_at, path, format!("unknown key \"{key}\""))
        .did_you_mean(meant);
    let elsewhere = match (meant, foreign) {
        (Some(_), _) => vec![],
        (None, []) => places(key),
        (None, ours) => ours.iter().map(|ours| (*ours).to_owned()).collect(),
    };
    let problem = match elsewhere.is_empty() {
        true => problem,
        false => problem.help(format!("did you mean {}?", elsewhere.join(" or "))),
    };
    let shown = allowed.get(..KEYS_SHOWN_MAX).unwrap_or(&allowed);
    let more = if shown.len() < allowed.len() {
        ", .."
    } else {
        ""
    };
    problem.help(format!("allowed keys: {}{more}", shown.join(", ")));
    meant
}

/// Where in the file a key of this name exists.
fn places(key: &str) -> Vec<String> {
    const PLACES_MAX: usize = 4; // beyond this the name alone says too little
    let mut found = Vec::new();
    search(&Shape::file(), key, String::new(), &mut found);
    if found.len() > PLACES_MAX {
        vec![]
    } else {
        found
    }
}

fn search(shape: &Shape, key: &str, path: String, found: &mut Vec<String>) {
    let keys: Vec<_> = shape.keys().collect();
    for known in &keys {
        let path = if path.is_empty() {
            (*known).to_owned()
        } else {
            format!("{path}.{known}")
        };
        if *known == key {
            found.push(path.clone());
        }
        if let Some(inner) = shape.entry(known) {
            search(&inner, key, path, found);
        }
    }
    if shape.takes_all() {
        return;
    }
    if keys.is_empty()
        && shape.takes_map()
        && let Some(inner) = shape.entry("NAME")
    {
        search(&inner, key, format!("{path}.NAME"), found);
    }
    if shape.takes_list() {
        search(&shape.item(), key, format!("{path}[]"), found);
    }
}

fn is_secret_word(key: &str) -> bool {
    const SECRETS: [&str; 4] = ["token", "secret", "password", "key"];
    let key = key.to_lowercase();
    SECRETS.iter().any(|word| key.contains(word)) || nearest(&key, SECRETS.into_iter()).is_some()
}

fn last<'p>(path: &&'p str) -> &'p str {
    path.rsplit('.').next().unwrap_or(path)
}
