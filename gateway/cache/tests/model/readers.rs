//! Who follows responses under way: each reads what was written, in order, to the end that it had.

use std::task::Poll;

use shoal_cache::{EntryId, Piece, Reader};

use crate::{
    fills::{OpenFill, State},
    operation::Leading,
    reference::Version,
    world::{World, Wrong, ensure},
};

const READERS_MAX: usize = 16;

pub(crate) struct OpenReader {
    reader: Reader,
    pub(crate) id: EntryId,
    read: usize,
    trailers: bool,
    /// It came after the first byte may have gone.
    late: bool,
}

impl World {
    pub(crate) fn follow(&mut self, at: usize, leading: Leading) {
        if self.fills.is_empty() || self.readers.len() >= READERS_MAX {
            return;
        }
        let OpenFill { fill, id } = &self.fills[at % self.fills.len()];
        let reader = match leading {
            Leading::Reader => fill.reader(),
            Leading::OwnTask => fill.leading_reader(),
        };
        let (id, late) = (*id, self.flights[id].outgrown);
        self.readers.push(OpenReader {
            reader,
            id,
            read: 0,
            trailers: false,
            late,
        });
    }

    pub(crate) fn admit_reader(&mut self, reader: Reader) -> Result<(), Wrong> {
        let id = reader.id();
        let version = &self.flights[&id].version;
        ensure(*reader.meta() == version.meta, || {
            format!("{id:?} is followed with other metadata")
        })?;
        if self.readers.len() >= READERS_MAX {
            self.readers.remove(0);
        }
        self.readers.push(OpenReader {
            reader,
            id,
            read: 0,
            trailers: false,
            late: false,
        });
        Ok(())
    }

    pub(crate) fn read(&mut self, at: usize) -> Result<(), Wrong> {
        if self.readers.is_empty() {
            return Ok(());
        }
        let at = at % self.readers.len();
        if self.read_piece(at)? == Progress::Ended {
            self.leave(at);
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self, at: usize) {
        if !self.readers.is_empty() {
            self.readers.remove(at % self.readers.len());
        }
        let readers = &self.readers;
        self.flights.retain(|id, flight| {
            flight.state == State::Open || readers.iter().any(|reader| reader.id == *id)
        });
    }

    pub(crate) fn read_piece(&mut self, at: usize) -> Result<Progress, Wrong> {
        let open = &mut self.readers[at];
        let flight = &self.flights[&open.id];
        let Version {
            offset,
            length,
            ref trailers,
            ..
        } = flight.version;
        let rest = &self.source[offset + open.read..offset + flight.written];
        let piece = self.subject.read(&mut open.reader);
        let all = flight.state == State::Complete && open.read == length;
        let (permitted, progress) = match &piece {
            Poll::Ready(Piece::Data(bytes)) => {
                open.read += bytes.len();
                let right = !bytes.is_empty() && rest.starts_with(bytes);
                (right, Progress::Moved)
            }
            Poll::Ready(Piece::Trailers(bytes)) => {
                let right = all && !open.trailers && bytes == trailers;
                open.trailers = true;
                (right, Progress::Moved)
            }
            Poll::Ready(Piece::End) => {
                let right = all && open.trailers != trailers.is_empty();
                (right, Progress::Ended)
            }
            Poll::Ready(Piece::Failed) => {
                self.tally.count("failed");
                (open.late || flight.state == State::Dropped, Progress::Ended)
            }
            Poll::Pending => {
                let right = flight.state == State::Open && rest.is_empty();
                (right, Progress::Waits)
            }
        };
        ensure(permitted, || format!("reader of {:?}: {piece:?}", open.id))?;
        Ok(progress)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Moved,
    Waits,
    Ended,
}
