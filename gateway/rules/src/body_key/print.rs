//! The canonical text of a JSON value (RFC 8785 section 3.2).
//!
//! Members come sorted out of `json`; how numbers look is in `number`.

use super::json::Value;
use super::number;
use std::fmt::Write;

/// The value without white space, every part in its one form.
pub(super) fn canonical(value: &Value<'_>) -> String {
    let mut text = String::new();
    print(value, &mut text);
    text
}

/// Recursion is bounded by the depth that the parser accepts.
fn print(value: &Value<'_>, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Boolean(true) => text.push_str("true"),
        Value::Boolean(false) => text.push_str("false"),
        Value::Number(number) => number::print(*number, text),
        Value::String(string) => print_string(string, text),
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                text.push_str(comma_before(index));
                print(value, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                text.push_str(comma_before(index));
                print_string(name, text);
                text.push(':');
                print(value, text);
            }
            text.push('}');
        }
    }
}

fn comma_before(index: usize) -> &'static str {
    if index == 0 { "" } else { "," }
}

/// Only quotes, backslashes and control characters are escaped (section 3.2.2.2).
fn print_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0'..='\u{1f}' => {
                let written = write!(text, "\\u{:04x}", u32::from(character));
                debug_assert!(written.is_ok(), "a String takes everything");
            }
            plain => text.push(plain),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::json::parse;
    use super::*;

    #[track_caller]
    fn prints(text: &str, expected: &str) {
        let printed = parse(text.as_bytes()).map(|value| canonical(&value));
        assert_eq!(printed.as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn the_sample_of_rfc_8785_section_3_2_2() {
        prints(
            r#"{
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }"#,
            concat!(
                r#"{"literals":[null,true,false],"#,
                r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
                r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
            ),
        );
    }

    #[test]
    fn members_are_sorted_by_utf_16_code_units() {
        // The sample of section 3.2.3: the emoji's surrogates stand before U+FB33.
        prints(
            r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
            "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
        );
        prints(
            r#"{"b":[{"d":1,"c":2}],"":0,"a":{}}"#,
            r#"{"":0,"a":{},"b":[{"c":2,"d":1}]}"#,
        );
    }

    #[test]
    fn strings_have_the_shortest_escapes() {
        prints(
            r#""\u0008\u0009\u000a\u000c\u000d\u0000\u001F""#,
            r#""\b\t\n\f\r\u0000\u001f""#,
        );
        prints("\"\u{7f}\u{2028}\\/\"", "\"\u{7f}\u{2028}/\"");
    }
}
