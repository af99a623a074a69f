// Reads what JavaScript has written to the scratch buffer: a command is a count and its words, a word is a length and
// its bytes; integers are little-endian u32. No length is trusted.

use omnikv::command::{Bytes, Command, Key};
use omnikv::error::{Error, Kind, Result};

use super::{KEPT, SCRATCH};

/// The length that means null.
pub const ABSENT: u32 = u32::MAX;

/// A wasm memory ends at 4 GiB. Beyond this many pages of 64 KiB, every request begins with a trial allocation.
const TIGHT: usize = 3 << 14;

/// What must be free in a nearly full memory besides the request itself, for tables that grow while it runs.
const RESERVE: usize = 256 << 20;

/// Whether a request of this size can probably run without a failing allocation.
pub fn leaves_room(bytes: usize) -> bool {
    core::arch::wasm32::memory_size::<0>() < TIGHT
        || Vec::<u8>::new().try_reserve_exact(bytes.saturating_mul(2).saturating_add(RESERVE)).is_ok()
}

/// Reads from the scratch buffer, and frees the buffer if a large call has grown it.
pub fn read<T>(read: impl FnOnce(&mut Request<'_>) -> Result<T>) -> Result<T> {
    SCRATCH.with_borrow_mut(|scratch| {
        if !leaves_room(0) {
            return Err(Error::new(Kind::OutOfMemory, "found the memory of the page's stores exhausted"));
        }
        let result = read(&mut Request { rest: scratch });
        if scratch.capacity() > KEPT {
            *scratch = Vec::new();
        }
        result
    })
}

/// The unread rest.
pub struct Request<'a> {
    rest: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads a command; the inner error is about the command, the outer about the request.
    pub fn command(&mut self) -> Result<Result<Command>> {
        let words = self.words()?;
        let (word, arguments) = words.split_first().ok_or_else(malformed)?;
        Ok(Command::from_words(word, arguments))
    }

    /// Reads a count and that many words.
    pub fn words(&mut self) -> Result<Vec<&'a [u8]>> {
        let count = self.count()?;
        let mut words: Vec<&[u8]> = Vec::with_capacity(count.min(self.rest.len() / 4));
        for _ in 0..count {
            words.push(self.word()?.ok_or_else(malformed)?);
        }
        Ok(words)
    }

    /// Reads a count and that many commands.
    pub fn commands(&mut self) -> Result<Vec<Result<Command>>> {
        (0..self.count()?).map(|_| self.command()).collect()
    }

    /// Reads a count and that many keys, each with the value it must hold.
    pub fn checks(&mut self) -> Result<Vec<(Key, Option<Bytes>)>> {
        (0..self.count()?)
            .map(|_| {
                let key = str::from_utf8(self.word()?.ok_or_else(malformed)?).map_err(|_| malformed())?;
                Ok((Key::from(key), self.word()?.map(<[u8]>::to_vec)))
            })
            .collect()
    }

    fn count(&mut self) -> Result<usize> {
        Ok(self.number()? as usize)
    }

    fn word(&mut self) -> Result<Option<&'a [u8]>> {
        let length = self.number()?;
        if length == ABSENT {
            return Ok(None);
        }
        let (word, rest) = self.rest.split_at_checked(length as usize).ok_or_else(malformed)?;
        self.rest = rest;
        Ok(Some(word))
    }

    fn number(&mut self) -> Result<u32> {
        let (number, rest) = self.rest.split_first_chunk().ok_or_else(malformed)?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*number))
    }
}

pub fn malformed() -> Error {
    Error::new(Kind::Internal, "was written wrongly into the scratch buffer")
}
