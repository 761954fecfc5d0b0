//! Numbers with a unit: durations, sizes, shares and rates.

use super::Leaf;
use crate::config::units::ByteSize;
use std::time::Duration;

/// Longer than any lifetime that HTTP can carry (RFC 9111 1.2.2 caps delta-seconds at 2^31), and
/// far below what overflows when a clock is added to it.
const DURATION_MAX: Duration = Duration::from_secs(68 * 365 * 86_400);

impl Leaf for Duration {
    const FORMAT: &'static str = "duration-with-unit";
    const PATTERN: &'static str = "0|[0-9]+(ms|s|m|h|d)";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a whole number and a unit, such as 250ms, 10s, 5m, 1h or 7d";
        let (number, unit) = split(text);
        let number: u64 = number
            .parse()
            .ok()
            .ok_or_else(|| format!("not a duration: {FORM}"))?;
        let milliseconds = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            "" if number == 0 => Some(1),
            "" => return Err(format!("a duration without a unit: {FORM}")),
            _ => None,
        };
        let unit = milliseconds.ok_or_else(|| format!("not a unit of time: {FORM}"))?;
        number
            .checked_mul(unit)
            .map(Self::from_millis)
            .filter(|duration| *duration <= DURATION_MAX)
            .ok_or_else(|| "longer than 68 years".to_owned())
    }
}

impl Leaf for ByteSize {
    const FORMAT: &'static str = "size";
    const PATTERN: &'static str = "[0-9]+(B|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?";

    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "write a whole number and a unit, such as 64KB, 32MiB or 2GB";
        let (number, unit) = split(text);
        let number: u64 = number
            .parse()
            .ok()
            .ok_or_else(|| format!("not a size: {FORM}"))?;
        let shift = match unit {
            "" | "B" => 0,
            "KB" | "KiB" => 10,
            "MB" | "MiB" => 20,
            "GB" | "GiB" => 30,
            "TB" | "TiB" => 40,
            _ => return Err(format!("not a unit of size: {FORM}")),
        };
        number
            .checked_mul(1 << shift)
            .map(Self)
            .ok_or_else(|| "more bytes than a machine can count".to_owned())
    }
}

/// A share of a whole, in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u16);

impl Leaf for Percent {
    const FORMAT: &'static str = "percent";
    const PATTERN: &'static str = r"[0-9]+(\.[0-9]{1,2})?%";

    fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "not a share: write a number from 0% to 100%, such as 20% or 0.5%".to_owned();
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 2 {
            return Err(wrong());
        }
        let whole: u16 = whole.parse().ok().ok_or_else(wrong)?;
        let part: u16 = format!("{part:0<2}").parse().ok().ok_or_else(wrong)?;
        match whole.saturating_mul(100).saturating_add(part) {
            share @ 0..=10_000 => Ok(Self(share)),
            10_001.. => Err(wrong()),
        }
    }
}

/// So many in so long, such as `100/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In which time.
    pub period: Duration,
}

impl Leaf for Rate {
    const FORMAT: &'static str = "rate";
    const PATTERN: &'static str = "[1-9][0-9]*/(s|m|h)";

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "not a rate: write a number and a unit of time, such as 100/s".to_owned();
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let count = count
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(wrong)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return Err(wrong()),
        };
        Ok(Self {
            count,
            period: Duration::from_secs(seconds),
        })
    }
}

/// The leading digits and what follows them.
fn split(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit() {
        let ms = |text| {
            Duration::parse(text)
                .map(|duration| duration.as_millis())
                .ok()
        };
        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("10s"), Some(10_000));
        assert_eq!(ms("5m"), Some(300_000));
        assert_eq!(ms("1h"), Some(3_600_000));
        assert_eq!(ms("7d"), Some(604_800_000));
        assert_eq!(ms("0"), Some(0));
        for wrong in [
            "",
            "10",
            "1.5s",
            "-1s",
            "10 s",
            "10S",
            "1w",
            "s",
            "99999999999999999999s",
        ] {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
        assert!(Duration::parse("36500d").is_err());
    }

    #[test]
    fn kb_and_kib_are_the_same() {
        let bytes = |text| ByteSize::parse(text).map(|size| size.0).ok();
        assert_eq!(bytes("64KB"), Some(65_536));
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("2GB"), Some(2 << 30));
        assert_eq!(bytes("1024"), Some(1_024));
        for wrong in ["", "64kb", "64k", "-1", "1.5GB", "GB", "99999999999TB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_share_is_at_most_the_whole() {
        let share = |text| Percent::parse(text).map(|percent| percent.0).ok();
        assert_eq!(share("20%"), Some(2_000));
        assert_eq!(share("0.5%"), Some(50));
        assert_eq!(share("100%"), Some(10_000));
        for wrong in ["20", "101%", "-1%", "%", "1.%", "0.005%", "9999999%"] {
            assert_eq!(share(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_so_many_in_a_unit_of_time() {
        assert_eq!(
            Rate::parse("100/s"),
            Ok(Rate {
                count: 100,
                period: Duration::from_secs(1)
            })
        );
        for wrong in ["100", "0/s", "1/d", "/s", "1/"] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
