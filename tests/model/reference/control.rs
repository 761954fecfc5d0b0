//! Cache directives as RFC 9111 section 5.2 reads them, and which field's directives count.
//!
//! The grammar of targeted fields is `structured`; what the directives do is `freshness`.

use super::structured::{self, Bare};
use crate::fields::{Fields, members};

/// The largest delta-seconds (RFC 9111 section 1.2.2).
pub(super) const SECONDS_MAX: u64 = 1 << 31;

/// Name in lower case, and argument without quotes.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    name: String,
    argument: Option<String>,
}

/// The directives that count for a message.
#[derive(Debug, Clone, Default)]
pub(super) struct Control {
    directives: Vec<Directive>,
    /// From a targeted field, which silences `Cache-Control` and `Expires`.
    pub(super) targeted: bool,
}

impl Control {
    /// Of `Cache-Control` in a request or a response.
    pub(super) fn of(fields: &Fields) -> Self {
        let directives = fields.members("Cache-Control");
        Self {
            directives: directives.iter().map(|text| directive(text)).collect(),
            targeted: false,
        }
    }

    /// Of a request, where `Pragma` stands in for an absent `Cache-Control` (section 5.4).
    pub(super) fn of_request(fields: &Fields) -> Self {
        if fields.has("Cache-Control") {
            return Self::of(fields);
        }
        let mut control = Self::default();
        let pragma = fields.members("Pragma");
        if pragma
            .iter()
            .any(|word| word.eq_ignore_ascii_case("no-cache"))
        {
            control.directives.push(directive("no-cache"));
        }
        control
    }

    /// Of a response: a valid targeted field decides alone (RFC 9213 section 2.2).
    pub(super) fn of_response(fields: &Fields) -> Self {
        // The narrower target comes first: the gateway's choice of a target list.
        let targeted = TARGETED.iter().find_map(|name| targeted(fields, name));
        targeted.unwrap_or_else(|| Self::of(fields))
    }

    /// Whether the directive is there, with any argument or none.
    pub(super) fn has(&self, name: &str) -> bool {
        self.directives.iter().any(|known| known.name == name)
    }

    /// Whether the directive is there and names no fields (sections 5.2.2.4 and 5.2.2.7).
    pub(super) fn whole(&self, name: &str) -> bool {
        let mut named = self.directives.iter().filter(|known| known.name == name);
        named.any(|known| known.names().is_empty())
    }

    /// Seconds of a response's directive. The first of several counts, and what is no number is
    /// zero: section 4.2.1 encourages to take a response with such information for stale.
    pub(super) fn seconds_or_zero(&self, name: &str) -> Option<u64> {
        let first = self.directives.iter().find(|known| known.name == name)?;
        Some(first.seconds().unwrap_or(0))
    }

    /// Seconds of a request's directive; what is no number is no directive.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        let named = self.directives.iter().filter(|known| known.name == name);
        named.filter_map(Directive::seconds).next()
    }

    /// `max-stale`, which without an argument accepts any age (section 5.2.1.2).
    pub(super) fn max_stale(&self) -> Option<u64> {
        let named = self
            .directives
            .iter()
            .filter(|known| known.name == "max-stale");
        let accepted = |known: &Directive| match known.argument {
            None => Some(u64::MAX),
            Some(_) => known.seconds(),
        };
        named.filter_map(accepted).next()
    }
}

/// The fields that `no-cache="…"` and `private="…"` of any field name. To leave out those of a field
/// that does not count is the gateway's choice.
pub(super) fn qualified(fields: &Fields) -> Vec<String> {
    let names = TARGETED.iter().chain(&["Cache-Control"]);
    let directives = names.flat_map(|name| fields.members(name));
    let named = directives
        .map(|text| directive(&text))
        .filter(|directive| directive.name == "no-cache" || directive.name == "private");
    named.flat_map(|directive| directive.names()).collect()
}

impl Directive {
    fn seconds(&self) -> Option<u64> {
        seconds(self.argument.as_deref()?)
    }

    fn names(&self) -> Vec<String> {
        members(self.argument.as_deref().unwrap_or_default())
    }
}

/// delta-seconds (section 1.2.2): digits, and what is too large counts as the largest.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = || text.parse().unwrap_or(SECONDS_MAX).min(SECONDS_MAX);
    digits.then(value)
}

fn directive(text: &str) -> Directive {
    let (name, argument) = match text.split_once('=') {
        // Space before `=` makes a name of the extension kind, which nobody knows (section 5.2.3).
        Some((name, argument)) => (name, Some(argument)),
        None => (text.trim(), None),
    };
    let unquoted = argument.map(|text| {
        let inner = text
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        inner.unwrap_or(text).to_owned()
    });
    Directive {
        name: name.to_ascii_lowercase(),
        argument: unquoted,
    }
}

/// A targeted field that is absent, empty or in error does not count (RFC 9213 section 2.1).
fn targeted(fields: &Fields, name: &str) -> Option<Control> {
    let members = structured::dictionary(&fields.joined(name)?)?;
    if members.is_empty() {
        return None;
    }
    let mut control = Control {
        directives: Vec::new(),
        targeted: true,
    };
    for (name, value) in members {
        let argument = match (name.as_str(), value) {
            (
                "max-age" | "s-maxage" | "stale-while-revalidate" | "stale-if-error",
                Bare::Integer(value),
            ) => Some(value.max(0).to_string()),
            ("no-cache" | "private", Bare::String(names)) => Some(names),
            (known, Bare::Boolean(true)) if FLAGS.contains(&known) => None,
            (known, Bare::Boolean(false)) if FLAGS.contains(&known) => continue,
            // A known directive of a wrong type spoils the field: the gateway's choice, since a
            // part of a broken policy is not the policy.
            (known, _) if FLAGS.contains(&known) || NUMBERS.contains(&known) => return None,
            _ => continue,
        };
        control.directives.push(Directive { name, argument });
    }
    Some(control)
}

const TARGETED: [&str; 2] = ["Shoal-Cache-Control", "CDN-Cache-Control"];

const NUMBERS: [&str; 4] = [
    "max-age",
    "s-maxage",
    "stale-while-revalidate",
    "stale-if-error",
];

const FLAGS: [&str; 8] = [
    "no-cache",
    "private",
    "no-store",
    "public",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "immutable",
];
