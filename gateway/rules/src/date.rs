//! HTTP dates: the three formats of RFC 9110 section 5.6.7, and nothing else.
//!
//! Names of days and months are read in any case. Zones other than GMT, other separators, missing
//! digits and doubled spaces are refused: a date that is not understood must not make a response
//! fresh.

use crate::field::{digits, singleton};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a date field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    /// The field is not there.
    Absent,
    /// It is there, but is no date, or there are two lines.
    Invalid,
    /// It names this moment.
    At(SystemTime),
}

impl Dated {
    /// The moment, where there is one.
    #[must_use]
    pub fn moment(self) -> Option<SystemTime> {
        match self {
            Self::Absent | Self::Invalid => None,
            Self::At(moment) => Some(moment),
        }
    }
}

/// Reads a field that holds one date. `now` settles the century of two-digit years.
#[must_use]
pub fn of_field(headers: &HeaderMap, name: &HeaderName, now: SystemTime) -> Dated {
    match singleton(headers, name) {
        Ok(None) => Dated::Absent,
        Ok(Some(line)) => parse(line, now).map_or(Dated::Invalid, Dated::At),
        Err(_several) => Dated::Invalid,
    }
}

/// Reads one HTTP-date. `now` settles the century of two-digit years.
#[must_use]
pub fn parse(text: &[u8], now: SystemTime) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?;
    if !text.is_ascii() {
        return None;
    }
    let civil = imf_fixdate(text)
        .or_else(|| rfc850(text, now))
        .or_else(|| asctime(text))?;
    civil.moment()
}

/// Writes an IMF-fixdate. A moment outside the years 1970 to 9999 is written as the nearest end.
#[must_use]
pub fn format(moment: SystemTime) -> HeaderValue {
    const END_OF_9999: u64 = 253_402_300_799;
    let seconds = moment
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let seconds = seconds.min(END_OF_9999);
    let (days, rest) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = civil_of_days(days);
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at)
            .ok()
            .and_then(|at| names.get(at).copied())
            .unwrap_or_default()
    };
    // 1 January 1970 was a Thursday, the day with index 3 when weeks begin on Monday.
    let weekday = name(&WEEKDAYS, (days + 3) % 7);
    let weekday = weekday.get(..3).unwrap_or_default();
    let month = name(&MONTHS, month.wrapping_sub(1));
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    let text =
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    HeaderValue::try_from(text).unwrap_or_else(|_invalid| HeaderValue::from_static(""))
}

const DAY: u64 = 86_400;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

struct Civil {
    year: i64,
    month: i64,
    day: i64,
    /// Seconds since midnight.
    time: i64,
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(text: &str) -> Option<Civil> {
    let (weekday, rest) = text.split_once(", ")?;
    short_weekday(weekday)?;
    let mut parts = rest.split(' ');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (time, zone) = (parts.next()?, parts.next()?);
    gmt(zone, parts.next())?;
    Some(Civil {
        year: number(year, 4)?,
        month: month_number(month)?,
        day: number(day, 2)?,
        time: time_of_day(time)?,
    })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(text: &str, now: SystemTime) -> Option<Civil> {
    let (weekday, rest) = text.split_once(", ")?;
    WEEKDAYS
        .iter()
        .find(|name| name.eq_ignore_ascii_case(weekday))?;
    let mut parts = rest.split(' ');
    let (date, time, zone) = (parts.next()?, parts.next()?, parts.next()?);
    gmt(zone, parts.next())?;
    let mut date = date.split('-');
    let (day, month, year) = (date.next()?, date.next()?, date.next()?);
    if date.next().is_some() {
        return None;
    }
    Some(Civil {
        year: full_year(number(year, 2)?, now),
        month: month_number(month)?,
        day: number(day, 2)?,
        time: time_of_day(time)?,
    })
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<Civil> {
    let (weekday, month, day) = (text.get(0..3)?, text.get(4..7)?, text.get(8..10)?);
    let (time, year) = (text.get(11..19)?, text.get(20..)?);
    short_weekday(weekday)?;
    let spaces = [3, 7, 10, 19]
        .iter()
        .all(|&at| text.as_bytes().get(at) == Some(&b' '));
    if !spaces {
        return None;
    }
    let day = match day.strip_prefix(' ') {
        Some(digit) => number(digit, 1)?,
        None => number(day, 2)?,
    };
    Some(Civil {
        year: number(year, 4)?,
        month: month_number(month)?,
        day,
        time: time_of_day(time)?,
    })
}

/// A two-digit year that seems more than 50 years ahead is the past one (RFC 9110 section 5.6.7).
fn full_year(two_digits: i64, now: SystemTime) -> i64 {
    let since = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (this_year, ..) = civil_of_days(since / DAY);
    let this_year = i64::try_from(this_year).unwrap_or(1970);
    let year = this_year - this_year % 100 + two_digits;
    if year > this_year + 50 {
        year - 100
    } else {
        year
    }
}

fn short_weekday(text: &str) -> Option<()> {
    let short = |name: &'static str| name.get(..3).unwrap_or_default();
    let mut known = WEEKDAYS.into_iter().map(short);
    known
        .any(|name| name.eq_ignore_ascii_case(text))
        .then_some(())
}

fn month_number(text: &str) -> Option<i64> {
    let at = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text))?;
    i64::try_from(at + 1).ok()
}

fn gmt(zone: &str, behind: Option<&str>) -> Option<()> {
    (zone.eq_ignore_ascii_case("GMT") && behind.is_none()).then_some(())
}

/// `08:49:37`; a leap second counts as the one before it.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let second = number(parts.next()?, 2)?;
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    valid.then(|| hour * 3600 + minute * 60 + second.min(59))
}

/// Exactly `width` digits.
fn number(text: &str, width: usize) -> Option<i64> {
    if text.len() != width {
        return None;
    }
    i64::try_from(digits(text.as_bytes())?).ok()
}

impl Civil {
    fn moment(&self) -> Option<SystemTime> {
        if !(1..=days_in_month(self.year, self.month)).contains(&self.day) {
            return None;
        }
        let seconds = self.days() * 86_400 + self.time;
        let distance = Duration::from_secs(seconds.unsigned_abs());
        if seconds >= 0 {
            UNIX_EPOCH.checked_add(distance)
        } else {
            UNIX_EPOCH.checked_sub(distance)
        }
    }

    /// Days since 1970-01-01, with years that begin in March so that the leap day is the last.
    fn days(&self) -> i64 {
        let year = if self.month <= 2 {
            self.year - 1
        } else {
            self.year
        };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil_of_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
