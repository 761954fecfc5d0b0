//! The stored responses of one URI, and which of them a request selects (RFC 9111 section 4.1).
//!
//! Whether the selected one may be used is `reuse`.

use super::freshness::Freshness;
use crate::fields::{Fields, members};
use std::time::SystemTime;

/// The gateway's choice: of one URI the newest four values of `Vary` are searched.
const VARY_VALUES_MAX: usize = 4;

/// A stored response.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) status: u16,
    pub(super) fields: Fields,
    pub(super) body: String,
    pub(super) freshness: Freshness,
    pub(super) date: SystemTime,
    /// What `Vary` nominates, in lower case and sorted, with what the request said there.
    selecting: Vec<(String, Option<Vec<String>>)>,
    /// `Vary` as it is written in the response.
    vary: Option<Vec<String>>,
}

/// The stored responses of one URI.
#[derive(Debug, Clone, Default)]
pub(super) struct Variants {
    /// Without `Vary`: it answers every request, and hides the variants while it is there.
    whole: Option<Stored>,
    /// The last one stored is the last one here.
    variants: Vec<Stored>,
    /// Values of `Vary` that are searched, the newest first.
    searched: Vec<Vec<String>>,
}

/// How a request picks among variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection {
    ByFields,
    /// The mistake of a mutated model.
    Any,
    /// Another one.
    Oldest,
}

impl Stored {
    pub(super) fn new(
        request: &Fields,
        (status, fields, body): (u16, Fields, String),
        freshness: Freshness,
        date: SystemTime,
    ) -> Self {
        let lines: Vec<String> = fields.all("Vary").map(str::to_owned).collect();
        let names = names(&lines);
        let said = |name: String| (name.clone(), meaning(request, &name));
        Self {
            status,
            vary: (!names.is_empty()).then_some(lines),
            fields,
            body,
            freshness,
            date,
            selecting: names.into_iter().map(said).collect(),
        }
    }

    /// Whether both are selected by the same requests.
    pub(super) fn varies_like(&self, other: &Self) -> bool {
        self.selecting == other.selecting
    }

    fn names(&self) -> Vec<String> {
        self.selecting
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// "The selecting header fields match" (section 4.1).
    fn matches(&self, request: &Fields) -> bool {
        self.selecting
            .iter()
            .all(|(name, value)| meaning(request, name) == *value)
    }
}

impl Variants {
    /// The selected response. Where several match, section 4 wants the most recent by `Date`; of equal
    /// ones the gateway takes the last stored.
    pub(super) fn select(&self, request: &Fields, selection: Selection) -> Option<&Stored> {
        let matching = |stored: &&Stored| selection == Selection::Any || stored.matches(request);
        let matching = self.visible().filter(matching);
        if selection == Selection::Oldest {
            return matching.min_by_key(|stored| stored.date);
        }
        matching.max_by_key(|stored| stored.date)
    }

    /// Whether nothing is known of the URI.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_none() && self.searched.is_empty()
    }

    /// Stores a response. It replaces the one that the same request selects among those that vary by
    /// the same fields. One without `Vary` takes the place of all variants, and gives it to the next
    /// one. All this is the gateway's choice: a cache may forget what it wants.
    pub(super) fn store(&mut self, new: Stored) {
        let Some(vary) = new.vary.clone() else {
            self.searched.clear();
            self.whole = Some(new);
            return;
        };
        self.search(vary);
        self.variants.retain(|old| old.selecting != new.selecting);
        self.variants.push(new);
    }

    /// A response that varies broke off. The gateway's choice: it is known from then on by which fields
    /// responses vary, and one that did not is forgotten.
    pub(super) fn broke_off(&mut self, new: &Stored) {
        if let Some(vary) = new.vary.clone() {
            self.search(vary);
        }
    }

    fn search(&mut self, vary: Vec<String>) {
        self.whole = None;
        self.searched.retain(|known| *known != vary);
        self.searched.insert(0, vary);
        self.searched.truncate(VARY_VALUES_MAX);
    }

    /// Puts the freshened response in the place of the one that it was, or nothing.
    pub(super) fn replace(&mut self, old: &Stored, new: Option<Stored>) {
        if old.vary.is_none() {
            self.whole = new;
            return;
        }
        let is_old = |stored: &Stored| stored.selecting == old.selecting;
        if let Some(place) = self.variants.iter().position(is_old) {
            self.variants.remove(place);
            self.variants.extend(new);
        }
    }

    fn visible(&self) -> impl Iterator<Item = &Stored> {
        let searched = |stored: &&Stored| {
            self.searched
                .iter()
                .any(|vary| names(vary) == stored.names())
        };
        self.variants.iter().filter(searched).chain(&self.whole)
    }
}

/// Whether a response depends on the codings that a client accepts. Parts are asked for without any.
pub(super) fn varies_by_coding(request: &Fields, response: &Fields) -> bool {
    let lines: Vec<String> = response.all("Vary").map(str::to_owned).collect();
    let names = names(&lines);
    let named = |name: &str| names.iter().any(|known| known == name);
    named("accept-encoding") && !named("*") && meaning(request, "accept-encoding").is_some()
}

/// The names that lines of `Vary` nominate: case and order mean nothing.
fn names(vary: &[String]) -> Vec<String> {
    let members = vary.iter().flat_map(|line| members(line));
    let mut names: Vec<String> = members.map(|name| name.to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    names
}

/// What a request says in a field, with the differences removed that section 4.1 allows to remove:
/// white space, the split into lines, and for languages order, case and the spelling of weights.
fn meaning(request: &Fields, name: &str) -> Option<Vec<String>> {
    if !request.has(name) {
        return None;
    }
    let listed: Vec<String> = request.all(name).flat_map(members).collect();
    if name == "accept-encoding" {
        return codings(&listed);
    }
    if name != "accept-language" {
        return Some(listed);
    }
    let mut preferences: Vec<(u32, String)> =
        listed.iter().map(|member| language(member)).collect();
    preferences.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let text = preferences
        .iter()
        .map(|(weight, name)| format!("{name};q={weight}"));
    Some(text.collect())
}

/// The codings that are accepted, of those that matter (RFC 9110 section 12.5.3); a request that accepts
/// none is one without the field. The origin is asked in these words: the gateway's choice.
fn codings(listed: &[String]) -> Option<Vec<String>> {
    let accepted = |coding: &&str| {
        listed.iter().any(|member| {
            let (name, weight) = member.split_once(';').unwrap_or((member, ""));
            name.trim().eq_ignore_ascii_case(coding) && weight.trim() != "q=0"
        })
    };
    let accepted = ["br", "gzip"].into_iter().filter(accepted);
    let accepted: Vec<String> = accepted.map(str::to_owned).collect();
    (!accepted.is_empty()).then_some(accepted)
}

/// Weight in thousandths, and range in lower case (RFC 9110 section 12.5.4).
fn language(member: &str) -> (u32, String) {
    let (range, parameters) = member.split_once(';').unwrap_or((member, ""));
    let weight = parameters.trim().strip_prefix("q=");
    let weight = weight
        .and_then(|text| text.parse::<f64>().ok())
        .unwrap_or(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a weight lies between 0 and 1"
    )]
    let thousandths = (weight * 1000.0).round() as u32;
    (thousandths, range.trim().to_ascii_lowercase())
}
