//! Durations as people write them: `"500ms"`, `"5m"`, `"1h30m"`, or a number of seconds.
//!
//! A text without a unit is refused, because half of its readers would guess wrong.

use crate::limits::DURATION_MAX;
use std::time::Duration;

/// Reads a text such as `1h30m`.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let number: f64 = number
            .parse()
            .map_err(|_bad: std::num::ParseFloatError| WANTED)?;
        total += number * seconds_per(unit).ok_or(WANTED)?;
        rest = tail;
    }
    if text.is_empty() {
        Err(WANTED)
    } else {
        from_seconds(total)
    }
}

/// Reads a number of seconds.
pub(crate) fn from_seconds(seconds: f64) -> Result<Duration, &'static str> {
    if !seconds.is_finite() || seconds < 0.0 {
        return Err("a duration is not negative");
    }
    if seconds > DURATION_MAX.as_secs_f64() {
        return Err("a duration is at most ten years");
    }
    Duration::try_from_secs_f64(seconds).map_err(|_out_of_range| WANTED)
}

fn seconds_per(unit: &str) -> Option<f64> {
    match unit {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        "d" => Some(86_400.0),
        "w" => Some(604_800.0),
        _ => None,
    }
}

const WANTED: &str = "expected a duration such as \"30s\", \"5m\" or a number of seconds";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let table = [
            ("0", Some(0)),
            ("500ms", Some(500)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1500)),
            ("2w", Some(1_209_600_000)),
            ("", None),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("-5m", None),
            ("5x", None),
            ("1..5s", None),
            ("999999w", None),
        ];
        for (text, millis) in table {
            assert_eq!(parse(text).ok().map(|d| d.as_millis()), millis, "{text:?}");
        }
        assert!(from_seconds(f64::NAN).is_err());
        assert!(from_seconds(-1.0).is_err());
    }
}
