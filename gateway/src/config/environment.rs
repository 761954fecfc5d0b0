//! Puts variables of the environment into a text: `${VAR}`, `${VAR:-default}`, `${VAR:?message}`.
//!
//! Their names are upper case; what is lower case between `${` and `}` belongs to templates.

/// How a variable is looked up.
pub(super) type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Whether the text may also hold variables of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// It is a template: `$$` and lower-case variables stay for its parser.
    Template,
    /// It is not: `$${` is a literal `${`, and other variables are mistakes.
    Literal,
}

/// `text` with its variables put in, or what is wrong with them.
pub(super) fn expand(text: &str, syntax: Syntax, env: Environment<'_>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        expanded.push_str(before);
        if let Some(after) = from.strip_prefix("$$") {
            expanded.push_str(match syntax {
                Syntax::Literal if after.starts_with('{') => "$",
                Syntax::Literal | Syntax::Template => "$$",
            });
            rest = after;
            // The brace is part of what was escaped: it opens nothing.
            if let (Syntax::Literal, Some(after)) = (syntax, after.strip_prefix('{')) {
                expanded.push('{');
                rest = after;
            }
            continue;
        }
        rest = match from.strip_prefix("${") {
            Some(after) if syntax == Syntax::Literal || after.starts_with(is_upper) => {
                let (inner, after) = after.split_once('}').ok_or("`${` without its `}`")?;
                expanded.push_str(&variable(inner, env)?);
                after
            }
            Some(_) | None => {
                expanded.push('$');
                from.get(1..).unwrap_or_default()
            }
        };
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn variable(inner: &str, env: Environment<'_>) -> Result<String, String> {
    let part = |c: char| is_upper(c) || c.is_ascii_digit();
    let end = inner.find(|c| !part(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(
            "not a variable: names of the environment are upper case, such as ${PORT}; \
                    write `$${` for the characters themselves"
                .to_owned(),
        );
    }
    // As in a shell: with the colon, an empty variable counts as one that is not set.
    let value = env(name).filter(|value| rest.is_empty() || !value.is_empty());
    match (value, rest.get(..2)) {
        (Some(value), None | Some(":-" | ":?")) if rest.len() != 1 => Ok(value),
        (None, Some(":-")) => Ok(rest.get(2..).unwrap_or_default().to_owned()),
        (None, Some(":?")) => Err(format!(
            "{name} is not set: {}",
            rest.get(2..).unwrap_or_default()
        )),
        (None, None) if rest.is_empty() => Err(format!(
            "the environment variable {name} is not set; write ${{{name}:-default}}"
        )),
        (Some(_) | None, _) => Err(format!(
            "after a variable's name stands nothing, `:-default` or `:?message`: ${{{name}}}"
        )),
    }
}

fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "PORT" => Some("8080".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[track_caller]
    fn check(syntax: Syntax, written: &str, expected: &str) {
        assert_eq!(
            expand(written, syntax, &env).as_deref(),
            Ok(expected),
            "{written}"
        );
    }

    #[test]
    fn variables_are_put_in() {
        for syntax in [Syntax::Literal, Syntax::Template] {
            check(syntax, "plain", "plain");
            check(syntax, "0.0.0.0:${PORT}", "0.0.0.0:8080");
            check(syntax, "${PORT}${PORT}", "80808080");
            check(syntax, "[${EMPTY}]", "[]");
            check(syntax, "${EMPTY:-x}", "x");
            check(syntax, "${UNSET:-}", "");
            check(syntax, "${UNSET:-a:b}", "a:b");
            check(syntax, "${PORT:-x} ${PORT:?x}", "8080 8080");
            check(syntax, "$", "$");
        }
    }

    #[test]
    fn variables_of_requests_stay_for_the_template() {
        check(
            Syntax::Template,
            "$host ${query.id} ${PORT}",
            "$host ${query.id} 8080",
        );
        check(Syntax::Template, "$${PORT}", "$${PORT}");
        check(Syntax::Literal, "$${PORT} $5", "${PORT} $5");
    }

    #[test]
    fn what_is_not_set_is_a_mistake() {
        for wrong in [
            "${UNSET}",
            "${UNSET:?why}",
            "${PORT",
            "${}",
            "${home}",
            "${PORT-x}",
            "${PORT:}",
        ] {
            assert!(expand(wrong, Syntax::Literal, &env).is_err(), "{wrong}");
        }
        assert_eq!(
            expand("${UNSET:?set it}", Syntax::Literal, &env),
            Err("UNSET is not set: set it".to_owned())
        );
    }
}
