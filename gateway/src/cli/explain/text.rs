//! An explanation for people: a section a paragraph, in the order in which the gateway decides.
//!
//! It only lays out. Sections that the request does not get as far as are not there.

use serde_json::Value;
use std::fmt::Write as _;

/// Width of the column of section names.
const SECTION: usize = 10;

/// Width of the column of names within a section.
const NAME: usize = 24;

/// The whole text, without a line break at its end.
pub(super) fn of(answer: &Value) -> String {
    let mut page = Page::default();
    page.request(&answer["request"]);
    page.route(&answer["route"]);
    page.plugins(&answer["plugins"]);
    page.cache(&answer["cache"]);
    page.variants(&answer["variants"]);
    page.parts(&answer["parts"]);
    page.stored(&answer["stored"]);
    page.freshness(&answer["freshness"]);
    page.outcome(&answer["outcome"]);
    page.text.trim_end().to_owned()
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// The first line of a section, after an empty one.
    fn section(&mut self, name: &str, text: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let (first, more) = text.split_once('\n').unwrap_or((text, ""));
        let _ = writeln!(self.text, "{gap}{name:SECTION$}{first}");
        self.line(more);
    }

    /// A line below it, or several.
    fn line(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.text, "{:SECTION$}{line}", "");
        }
    }

    /// A name and a value below it.
    fn row(&mut self, name: &str, value: &str) {
        self.line(format!("{name:NAME$}{value}").trim_end());
    }

    fn request(&mut self, request: &Value) {
        self.section(
            "request",
            &format!("{} {}", word(&request["method"]), word(&request["url"])),
        );
        for pair in list(&request["headers"]) {
            self.line(&format!("{}: {}", word(&pair[0]), word(&pair[1])));
        }
    }

    fn route(&mut self, route: &Value) {
        match route["name"].as_str() {
            Some(name) => {
                let upstream = word(&route["upstream"]);
                self.section("route", &format!("{name}, to upstream {upstream}"));
            }
            None => self.section("route", "none fits"),
        }
        for other in list(&route["does_not_fit"]) {
            let because = joined(&other["because"], "; ");
            self.line(&format!("not {}: {because}", word(&other["name"])));
        }
    }

    fn plugins(&mut self, steps: &Value) {
        for (index, step) in list(steps).iter().enumerate() {
            let hook = format!("{}.{}", word(&step["plugin"]), word(&step["hook"]));
            let mut said = match step["said"].as_str() {
                Some("not asked") => "not asked: there is no response yet".to_owned(),
                Some(said) => said.to_owned(),
                None => String::new(),
            };
            for more in ["words", "error"] {
                if let Some(words) = step[more].as_str() {
                    let _ = write!(said, ": {words}");
                }
            }
            if let Some(on_error) = step["on_error"].as_str() {
                let _ = write!(said, " (on_error: {on_error})");
            }
            for more in ["headers", "key"] {
                let edits = joined(&step[more], "; ");
                if !edits.is_empty() {
                    let _ = write!(said, ": {edits}");
                }
            }
            let line = format!("{hook:NAME$}{said}");
            if index == 0 {
                self.section("plugins", &line);
            } else {
                self.line(&line);
            }
        }
    }

    fn cache(&mut self, cache: &Value) {
        if let Some(reason) = cache["reason"].as_str() {
            self.section("cache", &format!("bypassed: {reason}"));
            return;
        }
        let Some(key) = cache["key"].as_str() else {
            return;
        };
        self.section("key", key);
        for part in list(&cache["parts"]) {
            let (name, value) = (word(&part["part"]), word(&part["value"]));
            let sent = cache["query_sent"].as_str().unwrap_or_default();
            if name == "query" && value != sent {
                let value = if value.is_empty() { "(none)" } else { &value };
                self.row(&name, &format!("{value}   of {sent}"));
            } else {
                self.row(&name, if value.is_empty() { "(none)" } else { &value });
            }
        }
        self.section("purged by", &format!("url {}", word(&cache["resource"])));
        self.line(&format!("host {}", word(&cache["host"])));
        for tag in list(&cache["route_tags"]) {
            self.line(&format!("tag {}   of the route", word(tag)));
        }
    }

    fn parts(&mut self, parts: &Value) {
        if parts["taken"].is_string() {
            self.section("parts", "none, the object is taken whole for a while");
        }
        if parts["found"] == true {
            let length = word(&parts["length"]);
            let stored = joined(&parts["stored"], ", ");
            self.section("parts", &format!("{stored} of {length} bytes"));
            self.row("wanted", &joined(&parts["wanted"], ", "));
            self.row("missing", &joined(&parts["missing"], ", "));
        }
    }

    fn variants(&mut self, variants: &Value) {
        for variant in list(variants) {
            self.section("variant", &format!("of Vary: {}", word(&variant["vary"])));
            for (name, value) in variant["request"].as_object().into_iter().flatten() {
                self.row(name, value.as_str().unwrap_or("(absent)"));
            }
            let stored = if variant["stored"] == true {
                "stored"
            } else {
                "not stored"
            };
            self.row(
                "selector",
                &format!("{}   {stored}", word(&variant["selector"])),
            );
        }
    }

    fn stored(&mut self, stored: &Value) {
        if stored["found"] == false {
            let others = stored["other_variants"] == true;
            let text = if others {
                "no: only other variants"
            } else {
                "no"
            };
            self.section("stored", text);
            return;
        }
        let Some(state) = stored["state"].as_str() else {
            return;
        };
        let why = stored["why"].as_str().map(|why| format!(": {why}"));
        self.section(
            "stored",
            &format!("yes, {state}{}", why.unwrap_or_default()),
        );
        self.row("status", &word(&stored["status"]));
        self.row("by route", &word(&stored["stored_by"]));
        if let (Some(bytes), Some(hits)) = (stored["bytes"].as_u64(), stored["hits"].as_u64()) {
            self.row("bytes", &bytes.to_string());
            self.row("hits", &hits.to_string());
        }
        let tags = joined(&stored["tags"], ", ");
        if !tags.is_empty() {
            self.row("tags", &tags);
        }
    }

    fn freshness(&mut self, sum: &Value) {
        if !sum.is_object() {
            return;
        }
        let span = |name: &str| match sum[name].as_f64() {
            Some(seconds) => format!("{seconds} s"),
            None => "unknown".to_owned(),
        };
        self.section(
            "age",
            &format!("response received {}", word(&sum["response_time"])),
        );
        self.row("date_value", &word(&sum["date_value"]));
        for name in [
            "apparent_age",
            "age_value",
            "response_delay",
            "corrected_age_value",
        ] {
            self.row(name, &span(name));
        }
        let initial = span("corrected_initial_age");
        self.row(
            "corrected_initial_age",
            &format!("{initial}   the greater of the two ages"),
        );
        self.row("resident_time", &span("resident_time"));
        self.row("current_age", &span("current_age"));
        self.section("freshness", &format!("ttl {} s", sum["ttl"]));
        let lifetime = span("freshness_lifetime");
        self.row(
            "freshness_lifetime",
            &format!("{lifetime}   from {}", word(&sum["source"])),
        );
        self.row("stale_while_revalidate", &span("stale_while_revalidate"));
        let on_error = match sum["stale_if_error"].as_f64() {
            Some(seconds) => format!("{seconds} s"),
            None => "nobody says".to_owned(),
        };
        self.row("stale_if_error", &on_error);
        let obligations = joined(&sum["obligations"], ", ");
        if !obligations.is_empty() {
            self.row("forbids stale", &obligations);
        }
        self.row("kept for", &span("kept_for"));
    }

    fn outcome(&mut self, outcome: &Value) {
        let verdict = word(&outcome["verdict"]).to_uppercase();
        let status = outcome["status"]
            .as_u64()
            .map(|status| format!(", {status}"));
        self.section(
            "outcome",
            &format!("{verdict}{}", status.unwrap_or_default()),
        );
        self.line(&word(&outcome["sentence"]));
        if let (Some(reason), Some(why)) =
            (outcome["reason"].as_str(), outcome["explanation"].as_str())
        {
            self.line(&format!("{reason}: {why}"));
        }
        let origin = &outcome["origin"];
        if origin.is_object() {
            let asked = format!(
                "{} to {}",
                word(&origin["method"]),
                word(&origin["upstream"])
            );
            self.row("origin is asked", &asked);
            for pair in list(&origin["conditions"]) {
                self.row("", &format!("{}: {}", word(&pair[0]), word(&pair[1])));
            }
        }
        let failing = &outcome["if_origin_fails"];
        if failing.is_object() {
            let (down, error) = (word(&failing["unreachable"]), word(&failing["answers_5xx"]));
            self.row("if it is unreachable", &down);
            self.row("if it answers 5xx", &error);
        }
        if let Some(status) = outcome["cache_status"].as_str() {
            let open = origin.is_object() && outcome["status"].is_null();
            let more = if open { "; …" } else { "" };
            self.row("Cache-Status", &format!("{status}{more}"));
        }
    }
}

/// A string without its quotes, anything else as JSON writes it, nothing for nothing.
fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn joined(values: &Value, separator: &str) -> String {
    let words: Vec<String> = list(values).iter().map(word).collect();
    words.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_section_that_was_not_reached_is_not_there() {
        let answer = json!({
            "request": { "method": "GET", "url": "http://a/", "headers": [["host", "a"]] },
            "route": { "name": null, "does_not_fit": [{ "name": "b", "because": ["x", "y"] }] },
            "outcome": { "verdict": "no-route", "status": 404, "sentence": "Nowhere.",
                         "cache_status": "shoal; detail=no-route" },
        });
        let wanted = "\
request   GET http://a/
          host: a

route     none fits
          not b: x; y

outcome   NO-ROUTE, 404
          Nowhere.
          Cache-Status            shoal; detail=no-route";
        assert_eq!(of(&answer), wanted);
    }

    #[test]
    fn an_error_of_several_lines_stays_in_its_column() {
        let failed =
            json!({ "plugin": "p", "hook": "on_request", "said": "failed", "error": "a\n| b" });
        let text = of(&json!({ "plugins": [failed] }));
        assert!(
            text.contains("p.on_request            failed: a\n          | b\n"),
            "{text}"
        );
    }

    #[test]
    fn an_answer_of_another_version_is_no_panic() {
        for answer in [
            json!(null),
            json!([1]),
            json!({ "cache": 1, "stored": { "state": 2 } }),
        ] {
            let _ = of(&answer);
        }
    }
}
