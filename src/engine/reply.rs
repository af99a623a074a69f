// Replies of many values, bounded in size: a reply that does not fit into memory would abort the wasm instance.

use crate::command::{Bytes, Reply};
use crate::error::{Error, Kind, Result};
use crate::score;

/// The most bytes one reply may hold: 512 MiB, far more than a caller should request at once.
pub(crate) const MAX_REPLY_BYTES: usize = 512 << 20;

/// The bytes that each value of a reply counts in addition to its length.
const ITEM_OVERHEAD: usize = 32;

/// No reply can hold more values than this.
pub(crate) const MAX_ITEMS: usize = MAX_REPLY_BYTES / ITEM_OVERHEAD;

pub(crate) fn too_large() -> Error {
    Error::new(Kind::TooLarge, "would reply with more than 512 MiB: ask for fewer values at a time")
}

/// The size of a reply in bytes.
pub(crate) fn weight(reply: &Reply) -> usize {
    let with_overhead = |length: usize| length.saturating_add(ITEM_OVERHEAD);
    let total = |lengths: &mut dyn Iterator<Item = usize>| {
        lengths.fold(ITEM_OVERHEAD, |sum, length| sum.saturating_add(with_overhead(length)))
    };
    match reply {
        Reply::Nil | Reply::Ok | Reply::Int(_) => ITEM_OVERHEAD,
        Reply::Bytes(bytes) => with_overhead(bytes.len()),
        Reply::List(items) => total(&mut items.iter().map(|item| item.as_ref().map_or(0, Vec::len))),
        Reply::Ints(numbers) => total(&mut numbers.iter().map(|_| 0)),
        Reply::Page(_, items) => total(&mut items.iter().map(Vec::len)),
    }
}

/// Collects the values of a reply one by one. An overflow is reported at the end.
pub(crate) struct Gather {
    items: Vec<Option<Bytes>>,
    /// How many more bytes fit; `None` after an overflow.
    room: Option<usize>,
}

impl Gather {
    pub(crate) fn new() -> Gather {
        Gather { items: Vec::new(), room: Some(MAX_REPLY_BYTES) }
    }

    pub(crate) fn push(&mut self, value: Option<&[u8]>) {
        let need = value.map_or(0, <[u8]>::len).saturating_add(ITEM_OVERHEAD);
        self.room = self.room.and_then(|room| room.checked_sub(need));
        if self.room.is_some() {
            self.items.push(value.map(<[u8]>::to_vec));
        }
    }

    /// Adds a member and, if scores are wanted, its score.
    pub(crate) fn push_scored(&mut self, member: &[u8], score: f64, with_scores: bool) {
        self.push(Some(member));
        if with_scores {
            self.push(Some(score::print(score).as_bytes()));
        }
    }

    /// Fails after an overflow.
    pub(crate) fn check(&self) -> Result<()> {
        if self.room.is_some() { Ok(()) } else { Err(too_large()) }
    }

    pub(crate) fn finish(self) -> Result<Vec<Option<Bytes>>> {
        self.check().map(|()| self.items)
    }

    /// The values as a page of a scan; none of them is null.
    pub(crate) fn finish_page(self, cursor: String) -> Result<(String, Vec<Bytes>)> {
        Ok((cursor, self.finish()?.into_iter().flatten().collect()))
    }

    /// Collects all these values in order.
    pub(crate) fn all<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Option<Bytes>>> {
        let mut gather = Gather::new();
        for value in values {
            gather.push(Some(value));
        }
        gather.finish()
    }
}
