//! What is known of a target whose responses vary: the values of `Vary` that were seen, and the variants that
//! can be recognised by the language or coding that they are in.
//!
//! It lies under the target's own key; the variants have keys of their own.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use shoal_rules::vary::{self, Selector, selecting_key};

/// Values of `Vary` that one target is searched under. Origins that use more of them lose hits.
pub const VALUES_MAX: usize = 4;

/// Variants of one value that are recognised by what they are in. Of more the oldest are found by the
/// request's fields alone.
const RECOGNISED_MAX: usize = 8;

/// One value of `Vary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varying {
    /// The field, its lines joined.
    pub value: String,
    /// Newest first.
    pub recognised: Vec<Recognised>,
}

/// A variant whose content says which preference it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// What it is stored under.
    pub selector: [u8; 16],
    /// `Content-Language`; empty where there is none.
    pub language: String,
    /// `Content-Encoding`; empty where there is none.
    pub coding: String,
}

/// A variant with these fields was stored: its value of `Vary` is the newest now.
pub fn note(values: &mut Vec<Varying>, value: &str, selector: [u8; 16], stored: &HeaderMap) {
    let earlier = values.iter().position(|varying| varying.value == value);
    let mut varying = earlier.map_or_else(
        || Varying {
            value: value.to_owned(),
            recognised: Vec::new(),
        },
        |at| values.remove(at),
    );
    let text = |name| {
        let value = stored.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (language, coding) = (
        text(header::CONTENT_LANGUAGE),
        text(header::CONTENT_ENCODING),
    );
    varying
        .recognised
        .retain(|variant| variant.selector != selector);
    if !language.is_empty() || !coding.is_empty() {
        let variant = Recognised {
            selector,
            language,
            coding,
        };
        varying.recognised.insert(0, variant);
        varying.recognised.truncate(RECOGNISED_MAX);
    }
    values.insert(0, varying);
    values.truncate(VALUES_MAX);
}

impl Varying {
    /// The selectors to look under for a request with these fields: its own, then those of variants in the
    /// language or coding that it likes best. The first that is stored answers.
    pub fn selectors<'a>(
        &'a self,
        request: &'a HeaderMap,
    ) -> impl Iterator<Item = [u8; 16]> + use<'a> {
        let nominating = self.fields(None);
        let own = match selecting_key(&nominating, request) {
            Selector::Key(selector) => Some(selector),
            Selector::None | Selector::Star => None,
        };
        let liked = self.recognised.iter().filter(move |variant| {
            let stored = Selector::Key(variant.selector);
            let fields = self.fields(Some(variant));
            own != Some(variant.selector) && vary::variant(&fields, stored, request) == stored
        });
        // A request that no variant is known to match is not matched by its likings either.
        let liked = own.is_some().then_some(liked).into_iter().flatten();
        own.into_iter().chain(liked.map(|variant| variant.selector))
    }

    fn fields(&self, variant: Option<&Recognised>) -> HeaderMap {
        let mut fields = HeaderMap::new();
        let mut add = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text)
                && !text.is_empty()
            {
                fields.insert(name, value);
            }
        };
        add(header::VARY, &self.value);
        if let Some(variant) = variant {
            add(header::CONTENT_LANGUAGE, &variant.language);
            add(header::CONTENT_ENCODING, &variant.coding);
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(HeaderName, &'static str)]) -> HeaderMap {
        list.iter()
            .cloned()
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    fn wants(languages: &'static str) -> HeaderMap {
        fields(&[(header::ACCEPT_LANGUAGE, languages)])
    }

    #[test]
    fn a_variant_in_the_language_that_is_liked_best_is_found_after_the_own_one() {
        let german = fields(&[(header::CONTENT_LANGUAGE, "de")]);
        let mut values = Vec::new();
        note(&mut values, "Accept-Language", [7; 16], &german);
        let found: Vec<_> = values[0].selectors(&wants("fr;q=0.5, de")).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], [7; 16]);
        assert_eq!(values[0].selectors(&wants("fr, de;q=0.5")).count(), 1);
        let mut other = Vec::new();
        note(&mut other, "Accept-Language, Cookie", [7; 16], &german);
        assert_eq!(other[0].selectors(&wants("de")).count(), 1);
    }

    #[test]
    fn values_and_variants_are_bounded_and_the_newest_stay() {
        let german = fields(&[(header::CONTENT_LANGUAGE, "de")]);
        let mut values = Vec::new();
        for number in 0..20_u8 {
            note(&mut values, "Accept-Language", [number; 16], &german);
            note(
                &mut values,
                &format!("X-{number}"),
                [0; 16],
                &HeaderMap::new(),
            );
        }
        assert_eq!(values.len(), VALUES_MAX);
        assert_eq!(values[0].value, "X-19");
        let languages = values.iter().find(|v| v.value == "Accept-Language");
        let recognised = &languages.unwrap().recognised;
        assert_eq!(recognised.len(), RECOGNISED_MAX);
        assert_eq!(recognised[0].selector, [19; 16]);
    }
}
