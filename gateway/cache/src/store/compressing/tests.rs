//! What happens between the two forms of a body: an invalidation, and somebody who asks for numbers.

use std::{sync::mpsc, thread, time::Duration};

use bytes::Bytes;

use super::*;
use crate::{
    Algorithm, FillSpec, Invalidation, Key, KeyHash, Listed, Moment, Scope, Scopes, Stamp,
    StoreConfig, Strength, Target, Usability, Why, generations::TOMBSTONES_MAX, segment::Touch,
};

const NOW: Moment = Moment(0);

fn store() -> Store {
    Store::new(StoreConfig {
        algorithm: Algorithm::SegmentedLru,
        max_memory: 1 << 20,
        segments: 1,
        uri_of: |meta| meta,
        compressible: |_meta| true,
    })
}

fn key(n: u128) -> Key {
    Key {
        hash: KeyHash(n),
        bytes: Bytes::from_static(b"key"),
    }
}

fn put(store: &Store) -> CacheEntry {
    let spec = FillSpec {
        key: key(1),
        meta: Bytes::from_static(b"https://host/"),
        scopes: Scopes {
            uri: Scope(1),
            host: Scope(2),
            tags: [].into(),
            listed: Listed::Counted,
        },
        epoch: store.epoch(),
        stamp: Stamp::default(),
        requested: NOW,
        useful_until: Moment::MAX,
        max_body: 1 << 20,
        size_hint: None,
    };
    store.put(spec, vec![7; 4096].into(), None).unwrap();
    let inside = store.shared.segments[0].share();
    inside.find(&key(1), Touch::Peek).unwrap()
}

fn soft(store: &Store, hash: u128) {
    let invalidation = Invalidation {
        target: Target::Key(KeyHash(hash)),
        strength: Strength::Soft,
    };
    store.apply(&invalidation, NOW).unwrap();
}

#[test]
fn an_invalidation_between_the_forms_is_not_forgotten_with_the_old_one() {
    for others in [0, TOMBSTONES_MAX as u128 + 1] {
        let store = store();
        let entry = put(&store);
        let packed = store.shared.packed(&entry, Compression::Lz4).unwrap();
        let other = entry.with_body(packed).unwrap();
        soft(&store, 1);
        (2..2 + others).for_each(|hash| soft(&store, hash));
        store
            .shared
            .exchange(&store.shared.segments[0], &entry, &other);
        // Until now it was remembered, or the other form came too late.
        (9000..9001 + TOMBSTONES_MAX as u128).for_each(|hash| soft(&store, hash));
        let Some(crate::Found::Complete(hit)) = store.get(&key(1), NOW) else {
            panic!("it is stored");
        };
        assert_eq!(hit.usability, Usability::MustValidate(Why::SoftPurge));
        assert_eq!(hit.entry.body().saved().is_some(), others == 0);
        assert_eq!(store.stats().used, hit.entry.weight());
    }
}

#[test]
fn a_body_may_be_compressed_though_much_was_invalidated_since_it_was_tested() {
    let store = store();
    put(&store);
    (2..3 + TOMBSTONES_MAX as u128).for_each(|hash| soft(&store, hash));
    store.set_compression(Compression::Lz4);
    store.compress();
    store.compress();
    assert_eq!(store.stats().compressed.entries, 1);
}

#[test]
fn numbers_do_not_wait_for_a_pass() {
    let store = store();
    let pass = store.shared.compressing.lock();
    let (told, hears) = mpsc::channel();
    let asking = store.clone();
    thread::spawn(move || told.send(asking.stats().compressed));
    let heard = hears.recv_timeout(Duration::from_secs(10));
    drop(pass);
    assert_eq!(heard, Ok(Compressed::NONE));
}
