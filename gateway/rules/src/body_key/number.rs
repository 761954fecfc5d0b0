//! JSON's numbers as doubles, and as ECMAScript prints them (RFC 8785 section 3.2.2.3).
//!
//! Only a literal that says no more than a double holds is read: else two numbers, such as the
//! identifiers 9007199254740992 and 9007199254740993, would share a key.

/// Digits that tell every double from its neighbours; a longer fraction says more than a double.
const DIGITS_MAX: usize = 17;

/// Reads a literal (RFC 8259 section 6).
pub(super) fn parse(literal: &str) -> Option<f64> {
    let form = Form::of(literal)?;
    let number: f64 = literal
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())?;
    let mut shortest = String::new();
    print(number, &mut shortest);
    let decimal = form.decimal()?;
    let kept = Form::of(&shortest)?.decimal()? == decimal;
    let rounded = form.is_fraction() && decimal.digits.len() <= DIGITS_MAX && number != 0.0;
    (kept || rounded).then_some(number)
}

/// Writes a finite number as ECMAScript does: in the shortest way that reads as the same double.
pub(super) fn print(number: f64, text: &mut String) {
    text.push_str(ryu_js::Buffer::new().format_finite(number));
}

/// A literal in its pieces.
struct Form<'a> {
    whole: &'a str,
    fraction: Option<&'a str>,
    exponent: Option<&'a str>,
}

impl<'a> Form<'a> {
    fn of(literal: &'a str) -> Option<Self> {
        let unsigned = literal.strip_prefix('-').unwrap_or(literal);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (mantissa, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let well = digits(whole)
            && (whole == "0" || !whole.starts_with('0'))
            && fraction.is_none_or(digits)
            && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)));
        well.then_some(Self {
            whole,
            fraction,
            exponent,
        })
    }

    /// Is it written in a way that nobody uses for an identifier?
    fn is_fraction(&self) -> bool {
        self.fraction.is_some() || self.exponent.is_some()
    }

    /// Absent where the exponent is absurd.
    fn decimal(&self) -> Option<Decimal> {
        let exponent: i64 = self.exponent.unwrap_or("0").parse().ok()?;
        let digits = format!("{}{}", self.whole, self.fraction.unwrap_or_default());
        let point = i64::try_from(self.whole.len())
            .ok()?
            .checked_add(exponent)?;
        Decimal::new(&digits, point)
    }
}

/// `0.DIGITS` times ten to the power of `point`. One value has one form: its digits neither begin
/// nor end with a zero, and zero has none.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    digits: String,
    point: i64,
}

impl Decimal {
    fn new(digits: &str, point: i64) -> Option<Self> {
        let significant = digits.trim_start_matches('0');
        let leading = i64::try_from(digits.len() - significant.len()).ok()?;
        let digits = significant.trim_end_matches('0').to_owned();
        let point = if digits.is_empty() {
            0
        } else {
            point.checked_sub(leading)?
        };
        Some(Self { digits, point })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(number: f64) -> String {
        let mut text = String::new();
        print(number, &mut text);
        text
    }

    #[test]
    fn doubles_print_as_in_appendix_b_of_rfc_8785() {
        let rows: [(u64, &str); 24] = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in rows {
            assert_eq!(printed(f64::from_bits(bits)), expected, "{bits:x}");
        }
    }

    #[test]
    fn a_literal_that_says_more_than_a_double_is_refused() {
        for (literal, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0e5", "0"),
            ("0e99999", "0"),
            ("1.50", "1.5"),
            ("100", "100"),
            ("1E2", "100"),
            ("10e-1", "1"),
            ("9007199254740992", "9007199254740992"),
            ("100000000000000000000000", "1e+23"),
            ("333333333.33333329", "333333333.3333333"),
            ("0.1", "0.1"),
        ] {
            assert_eq!(
                parse(literal).map(printed).as_deref(),
                Some(expected),
                "{literal}"
            );
        }
        for literal in [
            "",
            "-",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "1e+",
            "0x1",
            "1e1e1",
            "1.2.3",
            "--1",
            "NaN",
            "1e400",
            "1e-400",
            "1e99999999999999999999",
            "9007199254740993",
            "9223372036854775807",
            "3.14159265358979323846",
            "0.1000000000000000055511151231257827",
        ] {
            assert_eq!(parse(literal), None, "{literal}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_the_same_double(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            prop_assert_eq!(parse(&printed(number)), Some(number + 0.0));
        }

        #[test]
        fn whole_numbers_keep_their_value_or_are_refused(number in any::<i64>(), shift in 0_u32..63) {
            let number = number >> shift;
            match parse(&number.to_string()) {
                Some(double) => prop_assert_eq!(printed(double).parse(), Ok(number)),
                None => prop_assert!(number.unsigned_abs() > 1 << 53),
            }
        }

        #[test]
        fn no_literal_panics(literal in "[-+0-9.eE]{0,12}") {
            if let Some(number) = parse(&literal) {
                prop_assert_eq!(literal.parse::<f64>(), Ok(number));
            }
        }
    }
}
