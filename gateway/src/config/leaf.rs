//! Values that are written as one word: durations, sizes, addresses, templates and their like.
//!
//! A leaf is parsed once, by [`Leaf::parse`], into the type that the gateway runs with. Its schema
//! carries a format name, by which `check` finds the same parser before the mirror is filled.

mod address;
mod file;
mod matching;
mod quantity;
mod word;

pub use address::{TargetAddress, Url};
pub use file::{FilePath, SecretText};
pub use matching::{FieldName, MethodName};
pub use quantity::{Percent, Rate};
pub use word::{LogFilter, Name, Threads};

use crate::config::route::{HostPattern, PathPattern, Template};
use crate::config::units::{ByteSize, Cidr};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

/// A type that is read from one word of the file.
pub trait Leaf: Sized {
    /// The name in the schema, unique among leaves.
    const FORMAT: &'static str;
    /// Which words an editor may accept, as a regular expression; empty: any.
    const PATTERN: &'static str = "";

    /// The value, or what is wrong and what would be right. The message never repeats the text:
    /// it may be a secret or come from the environment.
    fn parse(text: &str) -> Result<Self, String>;
}

/// A leaf in the mirror of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<T>(pub T);

/// Whether `text` is a `format`; always, for a format that is none of ours.
pub(crate) fn fits(format: &str, text: &str) -> Result<(), String> {
    FORMATS
        .iter()
        .find(|(name, _)| *name == format)
        .map_or(Ok(()), |(_, parse)| parse(text))
}

type Parser = fn(&str) -> Result<(), String>;

/// Every leaf. A leaf that is missing here fails when the mirror is filled, without its place.
const FORMATS: &[(&str, Parser)] = &[
    entry::<Duration>(),
    entry::<ByteSize>(),
    entry::<Percent>(),
    entry::<Rate>(),
    entry::<SocketAddr>(),
    entry::<TargetAddress>(),
    entry::<Cidr>(),
    entry::<Url>(),
    entry::<MethodName>(),
    entry::<FieldName>(),
    entry::<HostPattern>(),
    entry::<PathPattern>(),
    entry::<Template>(),
    entry::<FilePath>(),
    entry::<SecretText>(),
    entry::<LogFilter>(),
    entry::<Name>(),
    entry::<Threads>(),
];

const fn entry<T: Leaf>() -> (&'static str, Parser) {
    (T::FORMAT, |text| T::parse(text).map(drop))
}

impl<'de, T: Leaf> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        T::parse(&text).map(Self).map_err(de::Error::custom)
    }
}

impl<T: Leaf> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::FORMAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        match T::PATTERN {
            "" => json_schema!({ "type": ["string", "number"], "format": T::FORMAT }),
            // A variable may stand for any word: an editor cannot know its value.
            pattern => json_schema!({
                "type": ["string", "number"],
                "format": T::FORMAT,
                "pattern": format!(r"^({pattern}|.*\$\{{.*)$"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_has_its_own_name() {
        let mut names: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FORMATS.len());
    }
}
