//! Bodies between the engine and Pingora: a complete one, one that grows, and the writer of a growing one.

use super::parts::BrokenOff;
use crate::caching::progress::Progress;
use crate::caching::stored_response::StoredResponse;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use pingora_cache::CacheKey;
use pingora_cache::storage::{HandleHit, HandleMiss, MissFinishType, Storage};
use pingora_cache::trace::SpanHandle;
use pingora_error::{Error, ErrorType, Result};
use shoal_cache::{EntryId, Fill, Hit, Key, Piece, Reader, Written};
use std::any::Any;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// A complete stored body.
pub(super) struct CompleteBody {
    pub(super) key: Key,
    pub(super) hit: Hit,
    pub(super) response: Arc<StoredResponse>,
    chunks: VecDeque<Bytes>,
}

impl CompleteBody {
    pub(super) fn new(key: Key, hit: Hit, response: Arc<StoredResponse>) -> Self {
        let chunks = hit.entry.body().slice(0..hit.entry.body().len()).collect();
        Self {
            key,
            hit,
            response,
            chunks,
        }
    }
}

#[async_trait]
impl HandleHit for CompleteBody {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        Ok(self.chunks.pop_front())
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
        let body = self.hit.entry.body();
        let end = end.map_or(body.len(), |end| (end as u64).min(body.len()));
        let start = start as u64;
        if start > end {
            return Error::e_explain(ErrorType::InternalError, "a range outside of the body");
        }
        self.chunks = body.slice(start..end).collect();
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

/// Once a body has outgrown the store, what has gathered is sent in pieces up to this size: the reader
/// must be faster than Pingora's writer, which takes several tasks at a time.
const PIECE_MAX: usize = 1024 * 1024;

/// A body that is being filled, by this request or by another.
pub(super) struct GrowingBody {
    pub(super) response: Arc<StoredResponse>,
    id: EntryId,
    /// Absent once nobody will read on.
    reader: Option<Reader>,
    role: Role,
    ended: Option<Ended>,
}

enum Role {
    /// Tells how far it is.
    Leader(Arc<Progress>),
    Follower,
}

#[derive(Debug, Clone, Copy)]
enum Ended {
    Whole,
    Broken,
}

impl GrowingBody {
    pub(super) fn new(reader: Reader, response: Arc<StoredResponse>) -> Self {
        Self {
            response,
            id: reader.id(),
            reader: Some(reader),
            role: Role::Follower,
            ended: None,
        }
    }

    /// The reader of the request that fills.
    pub(super) fn leading(
        reader: Reader,
        response: Arc<StoredResponse>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            response,
            id: reader.id(),
            reader: Some(reader),
            role: Role::Leader(progress),
            ended: None,
        }
    }

    pub(super) fn id(&self) -> EntryId {
        self.id
    }

    /// Its client is gone: nothing is kept for it any more.
    pub(super) fn abandon(&mut self) {
        self.reader = None;
        self.ended = Some(Ended::Broken);
    }

    async fn next(&mut self) -> Option<Bytes> {
        if self.ended.is_some() {
            return None;
        }
        let reader = self.reader.as_mut()?;
        loop {
            match poll_fn(|cx| reader.poll_next(cx)).await {
                Piece::Data(bytes) => return Some(bytes),
                // HTTP/1.1 trailers are not supported by the proxy below.
                Piece::Trailers(_) => {}
                Piece::End => {
                    self.ended = Some(Ended::Whole);
                    return None;
                }
                Piece::Failed => {
                    self.ended = Some(Ended::Broken);
                    return None;
                }
            }
        }
    }

    /// What more is here, without waiting.
    async fn gather(&mut self, first: Bytes) -> Bytes {
        let mut gathered: Option<BytesMut> = None;
        let Some(reader) = &mut self.reader else {
            return first;
        };
        while gathered.as_ref().map_or(first.len(), BytesMut::len) < PIECE_MAX {
            let piece = poll_fn(|cx| match reader.poll_next(cx) {
                Poll::Ready(piece) => Poll::Ready(Some(piece)),
                Poll::Pending => Poll::Ready(None),
            });
            match piece.await {
                Some(Piece::Data(bytes)) => gathered
                    .get_or_insert_with(|| BytesMut::from(&first[..]))
                    .extend_from_slice(&bytes),
                Some(Piece::Trailers(_)) => {}
                Some(Piece::End) => {
                    self.ended = Some(Ended::Whole);
                    break;
                }
                Some(Piece::Failed) => {
                    self.ended = Some(Ended::Broken);
                    break;
                }
                None => break,
            }
        }
        gathered.map_or(first, BytesMut::freeze)
    }
}

#[async_trait]
impl HandleHit for GrowingBody {
    async fn read_body(&mut self) -> Result<Option<Bytes>> {
        match self.next().await {
            Some(mut bytes) => {
                if let Role::Leader(progress) = &self.role {
                    let progress = progress.clone();
                    if self.reader.as_ref().is_some_and(Reader::outgrown) {
                        bytes = self.gather(bytes).await;
                    }
                    progress.read(bytes.len());
                }
                Ok(Some(bytes))
            }
            None if matches!(self.ended, Some(Ended::Broken)) => {
                Error::e_explain(ErrorType::ConnectionClosed, "the fill broke off")
            }
            None => Ok(None),
        }
    }

    async fn finish(
        self: Box<Self>,
        _storage: &'static (dyn Storage + Sync),
        _key: &CacheKey,
        _trace: &SpanHandle,
    ) -> Result<()> {
        Ok(())
    }

    fn should_count_access(&self) -> bool {
        false
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn as_any_mut(&mut self) -> &mut (dyn Any + Send + Sync) {
        self
    }
}

/// Writes a response into the engine while it comes.
pub(super) struct FillWriter {
    /// Absent once it has ended.
    fill: Option<Fill>,
    tag: [u8; 8],
    progress: Arc<Progress>,
    broken_off: Option<BrokenOff>,
}

impl FillWriter {
    pub(super) fn new(fill: Fill, progress: Arc<Progress>, broken_off: Option<BrokenOff>) -> Self {
        let tag = fill.id().0.to_be_bytes();
        Self {
            fill: Some(fill),
            tag,
            progress,
            broken_off,
        }
    }
}

impl Drop for FillWriter {
    fn drop(&mut self) {
        if let (Some(fill), Some(broken_off)) = (self.fill.take(), self.broken_off.take()) {
            broken_off.keep(fill);
        }
    }
}

#[async_trait]
impl HandleMiss for FillWriter {
    async fn write_body(&mut self, data: Bytes, _eof: bool) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.progress.wrote(data.len());
        let Some(fill) = &mut self.fill else {
            return Ok(());
        };
        if fill.write(data) == Written::Outgrown {
            self.progress.set_outgrown();
            // Other requests that follow set the pace now, since nothing is kept for them. This
            // request's own reader does not: it runs in the same task and could not catch up.
            poll_fn(|cx| fill.poll_room(cx)).await;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<MissFinishType> {
        match self.fill.take().map(|fill| fill.finish(None)) {
            Some(Ok(stored)) => Ok(MissFinishType::Created(
                usize::try_from(stored.weight).unwrap_or(0),
            )),
            Some(Err(_)) | None => {
                if !self.progress.outgrown() {
                    self.progress.set_refused();
                }
                Ok(MissFinishType::Created(0))
            }
        }
    }

    fn streaming_write_tag(&self) -> Option<&[u8]> {
        Some(&self.tag)
    }
}
