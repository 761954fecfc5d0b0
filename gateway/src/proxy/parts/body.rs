//! Stored parts as the body of a whole response, for Pingora. Only the bytes that the request wants are
//! there to be read.

use crate::caching::parts::{Index, Part};
use crate::caching::stored_response::StoredResponse;
use crate::clock;
use crate::gateway::Gateway;
use async_trait::async_trait;
use bytes::Bytes;
use pingora_cache::CacheKey;
use pingora_cache::storage::{HandleHit, Storage};
use pingora_cache::trace::SpanHandle;
use pingora_error::{Error, ErrorType, Result};
use shoal_cache::{Found, Hit, Key, Piece, Reader};
use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::Range;
use std::sync::Arc;

/// See the module.
pub(in crate::proxy) struct PartsBody {
    /// Of the index.
    pub(in crate::proxy) key: Key,
    /// Of the index.
    pub(in crate::proxy) hit: Hit,
    pub(in crate::proxy) response: Arc<StoredResponse>,
    gateway: Arc<Gateway>,
    parts: Vec<Part>,
    complete: u64,
    /// What is still to be read.
    left: Range<u64>,
    open: Option<Open>,
}

/// The part that is being read.
enum Open {
    Stored(VecDeque<Bytes>),
    Growing { reader: Reader, skip: u64 },
}

impl PartsBody {
    pub(super) fn new(gateway: Arc<Gateway>, index: Index, parts: Vec<Part>) -> Self {
        let complete = index.parts.complete;
        Self {
            key: index.key,
            hit: index.hit,
            response: Arc::new(index.parts.response),
            gateway,
            parts,
            complete,
            left: 0..complete,
            open: None,
        }
    }

    /// Whether some part is still to come.
    pub(in crate::proxy) fn is_growing(&self) -> bool {
        let growing = |part: &Part| matches!(part.found, Found::Filling(_));
        self.parts.iter().any(growing)
    }

    /// Of the parts that have the next byte, the one that goes furthest.
    fn next_part(&mut self) -> Option<Open> {
        let at = self.left.start;
        let all = self.parts.iter().enumerate();
        let here = all.filter(|(_, part)| part.range.contains(&at));
        let (place, _) = here.max_by_key(|(_, part)| part.range.end)?;
        let part = self.parts.swap_remove(place);
        let skip = at - part.range.start;
        let (open, again) = match part.found {
            Found::Complete(hit) => {
                let body = hit.entry.body();
                let chunks = body.slice(skip..body.len()).collect();
                (Open::Stored(chunks), Some(Found::Complete(hit)))
            }
            // A reader goes on only; another range may need the part from its beginning.
            Found::Filling(reader) => {
                let now = clock::moment(clock::now());
                let again = self.gateway.store.peek(&part.key, now);
                (Open::Growing { reader, skip }, again)
            }
        };
        self.parts.extend(again.map(|found| Part { found, ..part }));
        Some(open)
    }
}

impl Open {
    async fn next(&mut self) -> Option<Bytes> {
        match self {
            Self::Stored(chunks) => chunks.pop_front(),
            Self::Growing { reader, skip } => loop {
                match poll_fn(|cx| reader.poll_next(cx)).await {
                    Piece::Data(mut bytes) => {
                        let skipped = usize::try_from(*skip).unwrap_or(usize::MAX);
                        let skipped = skipped.min(bytes.len());
                        *skip -= skipped as u64;
                        let bytes = bytes.split_off(skipped);
                        if !bytes.is_empty() {
                            return Some(bytes);
                        }
                    }
                    Piece::Trailers(_) => {}
                    Piece::End | Piece::Failed => return None,
                }
            },
        }
    }
}

#[async_trait]
impl HandleHit for PartsBody {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let mut next = None;
        if let Some(open) = &mut self.open {
            next = open.next().await;
        }
        // At a part's end the next one follows, or the part broke off.
        if next.is_none()
            && let Some(mut open) = self.next_part()
        {
            next = open.next().await;
            self.open = Some(open);
        }
        let Some(mut bytes) = next else {
            return Error::e_explain(ErrorType::ConnectionClosed, "a part broke off");
        };
        let left = usize::try_from(self.left.end - self.left.start).unwrap_or(usize::MAX);
        bytes.truncate(left);
        self.left.start += bytes.len() as u64;
        Ok(Some(bytes))
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn can_seek(&self) -> bool {
        true
    }

    fn seek(&mut self, start: usize, end: Option<usize>) -> Result<()> {
        let end = end.map_or(self.complete, |end| end as u64);
        self.left = start as u64..end;
        self.open = None;
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}
