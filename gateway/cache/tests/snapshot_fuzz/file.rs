//! A snapshot taken apart: header, records, what follows. The checksums can be made anew.

use shoal_cache::{Epoch, Moment, Store};

pub(crate) const NOW: Moment = Moment(1_000_000);

/// Magic and version, then the key, then their checksum.
pub(crate) const KEY: std::ops::Range<usize> = 12..44;
const HEADER: usize = 60;
const SEAL: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) header: Vec<u8>,
    /// The last is empty: the mark of the end.
    pub(crate) records: Vec<Record>,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// As written; they need not be true.
    pub(crate) head_length: u32,
    pub(crate) body_length: u32,
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) seal: [u8; SEAL],
}

impl File {
    pub(crate) fn of(store: &Store) -> Self {
        let mut bytes = Vec::new();
        store.save(&mut bytes, NOW).unwrap();
        let (header, mut rest) = bytes.split_at(HEADER);
        let mut records = Vec::new();
        while !rest.is_empty() {
            let length = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            let (head_length, body_length) = (length(0), length(4));
            let (head, after) = rest[8..].split_at(head_length as usize);
            let (body, after) = after.split_at(body_length as usize);
            let (seal, after) = after.split_at(SEAL);
            records.push(Record {
                head_length,
                body_length,
                head: head.to_vec(),
                body: body.to_vec(),
                seal: seal.try_into().unwrap(),
            });
            rest = after;
        }
        let file = Self {
            header: header.to_vec(),
            records,
        };
        assert_eq!(file.bytes(), bytes, "the format is another");
        let mut again = file.clone();
        again.seal();
        assert_eq!(again.bytes(), bytes, "the checksums are others");
        file
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.clone();
        for record in &self.records {
            record.write(&mut bytes);
        }
        bytes
    }

    /// Where each record ends, but for the mark of the end.
    pub(crate) fn ends(&self) -> Vec<usize> {
        let mut end = self.header.len();
        let mut ends = Vec::new();
        for record in &self.records {
            end += 8 + record.head.len() + record.body.len() + SEAL;
            ends.push(end);
        }
        ends.pop();
        ends
    }

    /// Makes all checksums true.
    pub(crate) fn seal(&mut self) {
        let (signed, seal) = self.header.split_at_mut(HEADER - SEAL);
        seal.copy_from_slice(&blake3::hash(signed).as_bytes()[..SEAL]);
        let key: [u8; 32] = self.header[KEY].try_into().unwrap();
        for (record, number) in self.records.iter_mut().zip(0_u64..) {
            let mut bytes = number.to_le_bytes().to_vec();
            record.write(&mut bytes);
            bytes.truncate(bytes.len() - SEAL);
            let seal = blake3::keyed_hash(&key, &bytes);
            record.seal.copy_from_slice(&seal.as_bytes()[..SEAL]);
        }
    }
}

impl Record {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.head_length.to_le_bytes());
        bytes.extend_from_slice(&self.body_length.to_le_bytes());
        bytes.extend_from_slice(&self.head);
        bytes.extend_from_slice(&self.body);
        bytes.extend_from_slice(&self.seal);
    }

    /// Makes the lengths those of what follows.
    pub(crate) fn measure(&mut self) {
        self.head_length = u32::try_from(self.head.len()).unwrap();
        self.body_length = u32::try_from(self.body.len()).unwrap();
    }
}

/// The epoch from which everything is loaded.
pub(crate) const SINCE: Epoch = Epoch::ZERO;
