//! What the origin sends: a draft becomes a version, a version becomes what the store is told.
//!
//! And back: whether what the store hands out is this version.

use std::time::Duration;

use bytes::Bytes;
use shoal_cache::{
    CacheEntry, Epoch, Freshened, Invalidation, Moment, Scopes, Stamp, Strength, Target,
};

use crate::{
    operation::{Asked, Draft, host_scope, tag_scope, uri, uri_scope},
    reference::Version,
    world::{World, Wrong, ensure, page_of},
};

impl World {
    /// A version of the draft's page that no store knows yet.
    pub(crate) fn version(&mut self, draft: &Draft) -> Version {
        self.versions += 1;
        let now = (self.subject.store.epoch(), self.now);
        let (epoch, requested) = match draft.asked {
            Asked::Now | Asked::Elsewhere => now,
            Asked::Before(n) => self.asked[self.asked.len().saturating_sub(n)..]
                .first()
                .copied()
                .unwrap_or(now),
        };
        Version {
            meta: format!("{} {}", uri(draft.page), self.versions).into_bytes(),
            offset: draft.offset,
            length: draft.length,
            trailers: vec![b't'; draft.trailers],
            tags: draft.tags.clone(),
            listed: draft.listed,
            stamp: Stamp(self.versions.to_be_bytes()),
            requested,
            useful_until: draft.lifetime.map_or(Moment::MAX, |millis| {
                requested.after(Duration::from_millis(millis))
            }),
            ..Version::new(draft.page, epoch)
        }
    }

    /// An epoch that lies in the future here.
    pub(crate) fn future(&self) -> Epoch {
        let all = Invalidation {
            target: Target::All,
            strength: Strength::Soft,
        };
        while self.elsewhere.epoch().count() <= self.subject.store.epoch().count() + 2 {
            self.elsewhere.apply(&all, self.now).unwrap();
        }
        self.elsewhere.epoch()
    }
}

pub(crate) fn freshened(new: &Version) -> Freshened {
    Freshened {
        meta: Bytes::from(new.meta.clone()),
        scopes: scopes(new),
        epoch: new.epoch,
        stamp: new.stamp,
        requested: new.requested,
        useful_until: new.useful_until,
    }
}

pub(crate) fn scopes(version: &Version) -> Scopes {
    Scopes {
        uri: uri_scope(version.page),
        host: host_scope(version.page),
        tags: version.tags.iter().map(|tag| tag_scope(*tag)).collect(),
        listed: version.listed,
    }
}

/// Whether an entry is this version, byte for byte.
pub(crate) fn same(entry: &CacheEntry, version: &Version, source: &[u8]) -> Result<(), Wrong> {
    let mut rest = &source[version.offset..version.offset + version.length];
    for chunk in entry.body().chunks() {
        rest = rest
            .strip_prefix(&chunk[..])
            .ok_or_else(|| format!("another body than {version:?}"))?;
    }
    let trailers = entry.trailers().map_or(&[][..], |trailers| trailers);
    let alike = rest.is_empty()
        && entry.id() == version.id
        && page_of(entry) == version.page
        && entry.meta() == version.meta
        && *trailers == version.trailers
        && entry.stamp() == version.stamp
        && entry.requested() == version.requested
        && entry.useful_until() == version.useful_until
        && entry.scopes() == scopes(version);
    ensure(alike, || format!("{:?} is not {version:?}", entry.id()))
}
