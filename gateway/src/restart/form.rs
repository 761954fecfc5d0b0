//! A journal's records, to and from bytes.
//!
//! `kind`, then what the kind needs; numbers little-endian. What frames them is `journal`.

use super::boot::Boot;
use shoal_cache::{Invalidation, KeyHash, Scope, Strength, Target};

/// One thing that a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// A process goes on with it from here.
    Opened(Boot),
    /// This was applied.
    Invalidated(Invalidation),
    /// All that came before is on the device.
    Sealed,
}

const OPENED: u8 = 0;
const SEALED: u8 = 1;
const HARD: u8 = 2;
const SOFT: u8 = 3;

const KEY: u8 = 0;
const URI: u8 = 1;
const HOST: u8 = 2;
const TAG: u8 = 3;
const PREFIX: u8 = 4;
const BAN: u8 = 5;
const ALL: u8 = 6;

impl Record {
    /// Its bytes.
    pub(super) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Opened(Boot(boot)) => [&[OPENED], &boot[..]].concat(),
            Self::Sealed => vec![SEALED],
            Self::Invalidated(invalidation) => {
                let strength = match invalidation.strength {
                    Strength::Hard => HARD,
                    Strength::Soft => SOFT,
                };
                let scope =
                    |kind, scope: &Scope| [&[strength, kind], &scope.0.to_le_bytes()[..]].concat();
                let text = |kind, text: &str| [&[strength, kind], text.as_bytes()].concat();
                match &invalidation.target {
                    Target::Key(hash) => [&[strength, KEY], &hash.0.to_le_bytes()[..]].concat(),
                    Target::Uri(uri) => scope(URI, uri),
                    Target::Host(host) => scope(HOST, host),
                    Target::Tag(tag) => scope(TAG, tag),
                    Target::Prefix(prefix) => text(PREFIX, prefix),
                    Target::Ban(pattern) => text(BAN, pattern),
                    Target::All => vec![strength, ALL],
                }
            }
        }
    }

    /// What `bytes` say; `None` if it is nothing that is known here.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let strength = match *kind {
            OPENED => return Some(Self::Opened(Boot(rest.to_vec()))),
            SEALED => return rest.is_empty().then_some(Self::Sealed),
            HARD => Strength::Hard,
            SOFT => Strength::Soft,
            _unknown => return None,
        };
        let (kind, rest) = rest.split_first()?;
        let scope = || rest.try_into().ok().map(u64::from_le_bytes).map(Scope);
        let text = || std::str::from_utf8(rest).ok().map(Box::from);
        let target = match *kind {
            KEY => Target::Key(KeyHash(u128::from_le_bytes(rest.try_into().ok()?))),
            URI => Target::Uri(scope()?),
            HOST => Target::Host(scope()?),
            TAG => Target::Tag(scope()?),
            PREFIX => Target::Prefix(text()?),
            BAN => Target::Ban(text()?),
            ALL if rest.is_empty() => Target::All,
            _unknown => return None,
        };
        Some(Self::Invalidated(Invalidation { target, strength }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_reads_as_it_was_written() {
        let targets = [
            Target::Key(KeyHash(u128::MAX - 5)),
            Target::Uri(Scope(7)),
            Target::Host(Scope(8)),
            Target::Tag(Scope(u64::MAX)),
            Target::Prefix("a.example/b".into()),
            Target::Ban("^a.*$".into()),
            Target::All,
        ];
        let mut records: Vec<Record> = [Strength::Hard, Strength::Soft]
            .into_iter()
            .flat_map(|strength| {
                targets
                    .clone()
                    .map(|target| Record::Invalidated(Invalidation { target, strength }))
            })
            .collect();
        records.extend([Record::Sealed, Record::Opened(Boot(b"boot".to_vec()))]);
        for record in records {
            assert_eq!(Record::decode(&record.encode()), Some(record));
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bytes in [
            &[][..],
            &[9],
            &[SEALED, 0],
            &[HARD],
            &[HARD, 9],
            &[HARD, URI, 1, 2],
            &[HARD, URI, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            &[SOFT, KEY, 1],
            &[SOFT, ALL, 1],
            &[HARD, PREFIX, 0xff],
        ] {
            assert_eq!(Record::decode(bytes), None, "{bytes:?}");
        }
    }
}
