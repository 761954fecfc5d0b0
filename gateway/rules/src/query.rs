//! How a query enters the key.
//!
//! The origin sees the query as the client sent it, so what is left out of a key must be what the
//! origin does not look at: that is the operator's promise. Where origins may read a query in another
//! way than we do, it stays in the key as it is.

use crate::path::escape;
use std::borrow::Cow;

/// Which parameters are part of the key. A name with `*` at its end matches any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryRule {
    /// Only these; empty: all.
    pub include: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
    /// The order of parameters does not matter; values of one name keep theirs.
    pub sort: bool,
    /// Not [`TRACKING_PARAMETERS`].
    pub drop_tracking: bool,
}

/// Parameters that campaigns and analytics add, and that no origin looks at.
pub const TRACKING_PARAMETERS: &[&str] = &[
    "utm_*",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "msclkid",
    "twclid",
    "ttclid",
    "yclid",
    "igshid",
    "li_fat_id",
    "epik",
    "srsltid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "vero_id",
    "oly_anon_id",
    "oly_enc_id",
];

/// The query for the key, without its `?`. It allocates only where it changes something.
#[must_use]
pub fn normalize_query<'a>(query: &'a str, rule: &QueryRule) -> Cow<'a, str> {
    // Some origins split at `;` too: in `utm_x=1;callback=y` they see a parameter that we do not.
    if *rule == QueryRule::default() || query.is_empty() || query.contains(';') {
        return Cow::Borrowed(query);
    }
    let mut kept: Vec<&str> = query.split('&').filter(|pair| keeps(rule, pair)).collect();
    if rule.sort {
        // Decoded: `a` and `%61` are one name, whose values keep their order.
        kept.sort_by(|a, b| decoded(name(a)).cmp(&decoded(name(b))));
    }
    let mut normal = kept.iter().copied();
    if query.split('&').eq(normal.by_ref()) {
        return Cow::Borrowed(query);
    }
    Cow::Owned(kept.join("&"))
}

fn keeps(rule: &QueryRule, pair: &str) -> bool {
    // Decoded, as the origin sees it: with `include: [id]`, `i%64=5` must not slip past the key.
    let name = decoded(name(pair));
    let in_list = |list: &[String]| list.iter().any(|pattern| matches(pattern, &name));
    let tracking = || {
        TRACKING_PARAMETERS
            .iter()
            .any(|pattern| matches(pattern, &name))
    };
    let included = || rule.include.iter().any(|pattern| may_mean(pattern, &name));
    (rule.include.is_empty() || included())
        && !in_list(&rule.exclude)
        && !(rule.drop_tracking && tracking())
}

fn name(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

fn matches(pattern: &str, name: &[u8]) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == pattern.as_bytes(),
    }
}

/// Frameworks take more names for one than we do: `User.ID` and ` user_id` for `user_id`. What may mean an
/// included parameter counts.
fn may_mean(pattern: &str, name: &[u8]) -> bool {
    let folded = |text: &[u8]| -> Vec<u8> {
        let start = text.iter().position(|byte| !b" +".contains(byte));
        let text = text.get(start.unwrap_or_default()..).unwrap_or_default();
        let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
        let fold = |byte: &u8| match byte {
            b'.' | b' ' | b'+' | b'[' => b'_',
            byte => byte.to_ascii_lowercase(),
        };
        text.iter().map(fold).collect()
    };
    let name = folded(name);
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(&folded(prefix.as_bytes())),
        None => name == folded(pattern.as_bytes()),
    }
}

fn decoded(name: &str) -> Cow<'_, [u8]> {
    if !name.contains('%') {
        return Cow::Borrowed(name.as_bytes());
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, escaped)) = rest.find('%').map(|at| rest.split_at(at)) {
        bytes.extend_from_slice(plain.as_bytes());
        // A malformed escape is taken as it is.
        let (byte, tail) = escape(escaped).unwrap_or((b'%', escaped.get(1..).unwrap_or_default()));
        bytes.push(byte);
        rest = tail;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(include: &[&str], exclude: &[&str]) -> QueryRule {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        QueryRule {
            include: owned(include),
            exclude: owned(exclude),
            ..QueryRule::default()
        }
    }

    #[test]
    fn what_an_origin_may_read_otherwise_stays_in_the_key() {
        let tracking = QueryRule {
            drop_tracking: true,
            sort: true,
            ..QueryRule::default()
        };
        for query in ["utm_content=x;callback=y", "b=1;a=2&a=3", "gclid=1&;x"] {
            assert_eq!(normalize_query(query, &tracking), query);
            assert_eq!(normalize_query(query, &rule(&["id"], &[])), query);
            assert_eq!(normalize_query(query, &rule(&[], &["utm_*"])), query);
        }
        let user = rule(&["user_id", "q_*"], &[]);
        for query in [
            "user.id=1",
            "user%20id=1",
            "+user_id=1",
            "USER_ID=1",
            "user[id=1",
            "user_id%00x=1",
            "Q.x=1",
        ] {
            assert_eq!(normalize_query(&format!("x=1&{query}"), &user), query);
        }
        assert_eq!(normalize_query("userid=1&xuser_id=2", &user), "");
    }

    #[test]
    fn parameters_are_kept_dropped_and_sorted() {
        let all = QueryRule::default();
        let sort = QueryRule {
            sort: true,
            ..all.clone()
        };
        let tracking = QueryRule {
            drop_tracking: true,
            ..all.clone()
        };
        for (query, rule, normal) in [
            ("b=1&a=2", all.clone(), "b=1&a=2"),
            ("b=1&a=2&b=0&a=1", sort.clone(), "a=2&a=1&b=1&b=0"),
            ("a=2&a=10", sort, "a=2&a=10"),
            ("a=1&utm_source=x&gclid=y&b", tracking.clone(), "a=1&b"),
            ("utm_source=x", tracking, ""),
            ("id=1&x=2", rule(&["id"], &[]), "id=1"),
            ("i%64=5&x=2", rule(&["id"], &[]), "i%64=5"),
            (
                "a=1&%61=2&b",
                QueryRule {
                    exclude: vec!["b".to_owned()],
                    sort: true,
                    ..QueryRule::default()
                },
                "a=1&%61=2",
            ),
            ("a=1&b=2&ab=3", rule(&["a*"], &["ab"]), "a=1"),
            ("a=1&b=2", rule(&[], &["*"]), ""),
            ("é%zz%=1&b", rule(&[], &["b"]), "é%zz%=1"),
        ] {
            assert_eq!(normalize_query(query, &rule), normal, "{query} {rule:?}");
        }
        assert!(matches!(
            normalize_query("a=1", &rule(&["a"], &[])),
            Cow::Borrowed("a=1")
        ));
    }
}
