// Replies of many values, bounded: a reply that does not fit into memory would take the wasm instance down.

use crate::command::{Bytes, Reply};
use crate::error::{Error, Kind, Result};

/// The most bytes one reply gathers: 512 MiB, far beyond what a caller should ask for at once.
pub(crate) const MAX_REPLY_BYTES: usize = 512 << 20;

/// What a value is counted with in a reply beside its bytes.
const ITEM_OVERHEAD: usize = 32;

/// More values than this no reply can hold.
pub(crate) const MAX_ITEMS: usize = MAX_REPLY_BYTES / ITEM_OVERHEAD;

pub(crate) fn too_large() -> Error {
    Error::new(Kind::TooLarge, "asks for a reply of more than 512 MiB; ask for fewer values at a time")
}

/// The bytes that a reply takes.
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

/// The values of a reply, gathered one by one; whether they were too many is told at the end.
pub(crate) struct Gather {
    items: Vec<Option<Bytes>>,
    /// How many more bytes the reply may have; none once they were too many.
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

    /// Whether they still fit.
    pub(crate) fn check(&self) -> Result<()> {
        if self.room.is_some() { Ok(()) } else { Err(too_large()) }
    }

    pub(crate) fn finish(self) -> Result<Vec<Option<Bytes>>> {
        self.check().map(|()| self.items)
    }

    /// The values as a page of a scan, of which none is missing.
    pub(crate) fn finish_page(self, cursor: String) -> Result<(String, Vec<Bytes>)> {
        Ok((cursor, self.finish()?.into_iter().flatten().collect()))
    }

    /// All of these values, in their order.
    pub(crate) fn all<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Option<Bytes>>> {
        let mut gather = Gather::new();
        for value in values {
            gather.push(Some(value));
        }
        gather.finish()
    }
}
