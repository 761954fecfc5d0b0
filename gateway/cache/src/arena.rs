//! Values in numbered slots, in chunks that never move.
//!
//! Growing adds a chunk and copies nothing, so that a large segment never holds two copies of its
//! nodes. Which slot is used next is the caller's list, in `segmented_lru`.

/// Slots in a chunk: small enough that an empty segment costs little.
const CHUNK: u32 = 1024;

/// The number of no slot.
pub(crate) const NONE: u32 = u32::MAX;

pub(crate) struct Arena<T> {
    chunks: Vec<Vec<Place<T>>>,
    /// The first free slot, or [`NONE`].
    free: u32,
    /// Slots ever used; scanning ends here.
    end: u32,
}

enum Place<T> {
    Free { next: u32 },
    Taken(T),
}

impl<T> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            free: NONE,
            end: 0,
        }
    }

    /// `None` when every number is taken.
    pub(crate) fn insert(&mut self, value: T) -> Option<u32> {
        if self.free != NONE {
            let slot = self.free;
            let place = self.place_mut(slot)?;
            let Place::Free { next } = *place else {
                return None;
            };
            *place = Place::Taken(value);
            self.free = next;
            return Some(slot);
        }
        let slot = self.end;
        if slot == NONE {
            return None;
        }
        if slot.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK as usize));
        }
        self.chunks.last_mut()?.push(Place::Taken(value));
        self.end += 1;
        Some(slot)
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let next = self.free;
        let place = self.place_mut(slot)?;
        if matches!(place, Place::Free { .. }) {
            return None;
        }
        let Place::Taken(value) = std::mem::replace(place, Place::Free { next }) else {
            return None;
        };
        self.free = slot;
        Some(value)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let chunk = self.chunks.get((slot / CHUNK) as usize)?;
        match chunk.get((slot % CHUNK) as usize)? {
            Place::Taken(value) => Some(value),
            Place::Free { .. } => None,
        }
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        match self.place_mut(slot)? {
            Place::Taken(value) => Some(value),
            Place::Free { .. } => None,
        }
    }

    /// One past the highest slot ever used.
    pub(crate) const fn end(&self) -> u32 {
        self.end
    }

    fn place_mut(&mut self, slot: u32) -> Option<&mut Place<T>> {
        self.chunks
            .get_mut((slot / CHUNK) as usize)?
            .get_mut((slot % CHUNK) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_slot_is_used_again() {
        let mut arena = Arena::new();
        let slots: Vec<u32> = (0..2000).filter_map(|n| arena.insert(n)).collect();
        assert_eq!(arena.remove(7), Some(7));
        assert_eq!(arena.remove(7), None);
        assert_eq!(arena.get(7), None);
        assert_eq!(arena.insert(9), Some(7));
        assert_eq!(arena.get(7), Some(&9));
        assert_eq!((slots.len(), arena.end()), (2000, 2000));
    }
}
