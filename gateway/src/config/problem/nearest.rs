//! Which known word somebody may have meant.

/// The known word that is nearest to `word`, if one is near enough to be worth a question.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // A third of the letters may be wrong: more, and the advice is a guess.
    let budget = word.chars().count().div_ceil(3).min(4);
    let word = word.to_lowercase().replace('-', "_");
    known
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= budget)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near() {
        let known = ["address", "protocols", "tls", "ttl"];
        let near = |word| nearest(word, known.into_iter());
        assert_eq!(near("adress"), Some("address"));
        assert_eq!(near("protocol"), Some("protocols"));
        assert_eq!(near("TTL"), Some("ttl"));
        assert_eq!(near("upstream"), None);
    }
}
