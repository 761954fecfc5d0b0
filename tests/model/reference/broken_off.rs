//! Whole responses of which only the beginning came (RFC 9111 section 3.3).

use super::freshness::Freshness;
use super::parts::{Kept, Parts};
use super::{Exchange, Reference};
use crate::fields::Fields;
use crate::sequence::Sent;
use std::time::SystemTime;

impl Reference {
    /// What came is a part. The gateway's choice: only where it can be laid beside others, and nothing else
    /// of the URI is stored.
    pub(super) fn keep_what_came(
        &mut self,
        exchange: &Exchange<'_>,
        sent: &Sent,
        (fields, freshness, date): (&Fields, Freshness, SystemTime),
    ) {
        let arrived = sent.body.len() / 2;
        let alone = self.variants(exchange).is_empty();
        let fits = sent.status == 200 && !sent.fields.has("Vary") && arrived > 0 && alone;
        if !fits || self.version(&sent.fields).is_none() {
            return;
        }
        let parts = Parts {
            fields: self.storable(fields),
            freshness,
            date,
            length: sent.body.len(),
            bytes: sent.body.chars().take(arrived).enumerate().collect(),
        };
        self.parts
            .insert(exchange.target.clone(), Kept::Parts(parts));
    }
}
