//! Words with a small grammar of their own: names, log filters, the number of threads.

use super::Leaf;

/// A name that other parts of the file, metrics and logs refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

impl Leaf for Name {
    const FORMAT: &'static str = "name";
    const PATTERN: &'static str = "[A-Za-z0-9_.-]{1,64}";

    fn parse(text: &str) -> Result<Self, String> {
        // Names become metric labels and file names: short, and without characters to escape.
        const LENGTH_MAX: usize = 64;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        match !text.is_empty() && text.len() <= LENGTH_MAX && text.bytes().all(plain) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "not a name: write 1 to {LENGTH_MAX} letters, digits, `_`, `-` or `.`"
            )),
        }
    }
}

/// A `tracing` filter such as `info` or `info,shoal=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(pub String);

impl Leaf for LogFilter {
    const FORMAT: &'static str = "log-filter";

    fn parse(text: &str) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let level = |directive: &str| {
            let level = directive
                .rsplit_once('=')
                .map_or(directive, |(_, level)| level);
            LEVELS.contains(&level.trim())
        };
        match text.split(',').all(level) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "not a log filter: write one of {}, or target=level, with commas between",
                LEVELS.join(", ")
            )),
        }
    }
}

/// `auto`, or how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// As many as the process may use processors.
    Auto,
    /// So many.
    Count(usize),
}

impl Leaf for Threads {
    const FORMAT: &'static str = "threads";
    const PATTERN: &'static str = "auto|[1-9][0-9]{0,3}";

    fn parse(text: &str) -> Result<Self, String> {
        // Each thread keeps its own timers, pools and script states.
        const COUNT_MAX: usize = 1_024;
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(count @ 1..=COUNT_MAX) => Ok(Self::Count(count)),
            Ok(_) | Err(_) => Err(format!("write `auto` or a number from 1 to {COUNT_MAX}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_filter_names_levels() {
        for right in [
            "info",
            "off",
            "info,shoal=debug",
            "warn, shoal::cache=trace",
        ] {
            assert!(LogFilter::parse(right).is_ok(), "{right}");
        }
        for wrong in ["", "inof", "INFO", "shoal=verbose", "info,"] {
            assert!(LogFilter::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn threads_are_auto_or_a_number() {
        assert_eq!(Threads::parse("auto"), Ok(Threads::Auto));
        assert_eq!(Threads::parse("4"), Ok(Threads::Count(4)));
        for wrong in ["0", "-1", "1025", "four", ""] {
            assert!(Threads::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_plain() {
        assert!(Name::parse("api-v1.x_2").is_ok());
        for wrong in ["", "a b", "ä", "a/b"] {
            assert!(Name::parse(wrong).is_err(), "{wrong}");
        }
    }
}
