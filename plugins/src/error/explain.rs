//! Reads an error of the VM: what it says, at which line, and whether memory ran out.
//!
//! The VM reports places as `chunk:line:` before a message or in a trace of the stack.

use mlua::Error;

/// What an error of the VM says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
    pub(crate) out_of_memory: bool,
}

/// Explains an error of a script whose chunk has this name.
pub(crate) fn explain(error: &Error, chunk: &str) -> Explained {
    let mut trace_line = None;
    let mut cause = error;
    while let Error::CallbackError { cause: inner, .. } | Error::WithContext { cause: inner, .. } =
        cause
    {
        if let Error::CallbackError { traceback, .. } = cause {
            trace_line = trace_line.or_else(|| line_in(traceback, chunk));
        }
        cause = inner;
    }
    let whole = if let Error::RuntimeError(message) | Error::SyntaxError { message, .. } = cause {
        message.clone()
    } else {
        argument(cause)
    };
    let (message, trace) = whole
        .split_once("\nstack traceback:")
        .unwrap_or((&whole, ""));
    let (own_line, message) = without_place(message, chunk);
    Explained {
        line: own_line.or(trace_line).or_else(|| line_in(trace, chunk)),
        message: message.to_owned(),
        out_of_memory: matches!(cause, Error::MemoryError(_)) || message == "not enough memory",
    }
}

/// Splits `chunk:12: message`.
fn without_place<'a>(message: &'a str, chunk: &str) -> (Option<u32>, &'a str) {
    let split = || {
        let (line, rest) = message
            .strip_prefix(chunk)?
            .strip_prefix(':')?
            .split_once(':')?;
        Some((line.parse().ok()?, rest.trim_start()))
    };
    split().map_or((None, message), |(line, rest)| (Some(line), rest))
}

/// The first `chunk:12` in a trace.
fn line_in(trace: &str, chunk: &str) -> Option<u32> {
    let needle = format!("{chunk}:");
    trace.match_indices(&needle).find_map(|(at, _)| {
        let rest = trace.get(at + needle.len()..)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    })
}

/// A wrong argument in the words of Lua and not of Rust.
fn argument(error: &Error) -> String {
    if let Error::BadArgument { to, pos, cause, .. } = error {
        let of = to
            .as_deref()
            .map(|to| format!(" to `{to}`"))
            .unwrap_or_default();
        return format!("bad argument #{pos}{of}: {}", argument(cause));
    }
    if let Error::FromLuaConversionError { from, to, .. } = error {
        let to = match to.as_str() {
            "LuaString" | "String" | "string" | "&str" => "a string",
            "Table" | "table" => "a table",
            "u16" => "a whole number",
            other => other,
        };
        let from = if *from == "integer" { "number" } else { from };
        return format!("wanted {to}, got {from}");
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_before_the_message_and_in_the_trace() {
        let plain = Error::RuntimeError("a/p.lua:7: boom".to_owned());
        let wanted = Explained {
            line: Some(7),
            message: "boom".to_owned(),
            out_of_memory: false,
        };
        assert_eq!(explain(&plain, "a/p.lua"), wanted);
        let traced = Error::runtime("boom\nstack traceback:\n[C] in ?\na/p.lua:7 in on_request");
        assert_eq!(explain(&traced, "a/p.lua"), wanted);
        assert_eq!(explain(&Error::runtime("boom"), "a/p.lua").line, None);
        assert!(explain(&Error::MemoryError(String::new()), "p").out_of_memory);
    }
}
