// The operations on bitmaps. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use crate::command::{BitField, BitFieldOperation, BitOperation, BitRange, BitUnit, Command, Key};
use crate::reply::numbers_if_any;
use crate::value::IntoKeys;

impl BitRange {
    /// The bytes from `start` to `end`, both inclusive. Negative positions count from the end: -1 is the last byte.
    pub fn bytes(start: i64, end: i64) -> BitRange {
        BitRange { start, end: Some(end), unit: BitUnit::Byte }
    }

    /// The bits from `start` to `end`, both inclusive. Negative positions count from the end: -1 is the last bit.
    pub fn bits(start: i64, end: i64) -> BitRange {
        BitRange { start, end: Some(end), unit: BitUnit::Bit }
    }

    /// The bytes from `start` on; for [`bitpos`](Bitmaps::bitpos), and the zeros behind the value.
    pub fn from_byte(start: i64) -> BitRange {
        BitRange { start, end: None, unit: BitUnit::Byte }
    }
}

impl BitField {
    /// An integer with a sign, of 1 to 64 bits.
    pub fn signed(bits: u8, offset: u64) -> BitField {
        BitField { signed: true, bits, offset }
    }

    /// An integer without a sign, of 1 to 63 bits.
    pub fn unsigned(bits: u8, offset: u64) -> BitField {
        BitField { signed: false, bits, offset }
    }
}

/// Bitmaps: strings read as bits, the most significant bit of each byte first.
///
/// They are strings: [`get_bytes`](super::Strings::get_bytes), [`set`](super::Strings::set) and TTLs work on them. A missing key
/// counts as an empty value. The [errors of every operation](super#errors-of-every-operation) apply.
pub trait Bitmaps: Run {
    /// The bit at an offset of a value, the most significant bit of each byte first; 0 behind its end.
    ///
    /// O(1). Redis: <https://redis.io/commands/getbit>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for an offset past 2^32 - 1.
    fn getbit(&self, key: impl Into<Key>, offset: u64) -> Self::Output<u64> {
        self.run(Ok(Command::GetBit { key: key.into(), offset }))
    }

    /// Sets the bit at an offset to 0 or 1, padding a shorter value with zero bytes, and keeps the TTL. Returns the previous
    /// bit.
    ///
    /// O(1), or O(bytes added). Redis: <https://redis.io/commands/setbit>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a bit other than 0 and 1 or an offset past 2^32 - 1; `too-large` when the value would be longer
    /// than 128 MiB.
    fn setbit(&self, key: impl Into<Key>, offset: u64, bit: u64) -> Self::Output<u64> {
        self.run(Ok(Command::SetBit { key: key.into(), offset, bit }))
    }

    /// Returns the number of bits that are 1, in the whole value or in a part of it.
    ///
    /// O(bytes counted). Redis: <https://redis.io/commands/bitcount>
    ///
    /// ```
    /// # use omnikv::{BitRange, MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.set("k", "foobar")?;
    /// assert_eq!(kv.bitcount("k", None)?, 26);
    /// assert_eq!(kv.bitcount("k", BitRange::bytes(1, 1))?, 6);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn bitcount(&self, key: impl Into<Key>, range: impl Into<Option<BitRange>>) -> Self::Output<u64> {
        self.run(Ok(Command::BitCount { key: key.into(), range: range.into() }))
    }

    /// Returns the offset of the first bit that is 0 or 1, in the whole value or in a part of it; -1 if there is none.
    /// Without an end, a range in bytes counts as followed by zeros, so a 0 is always found unless it starts behind the value.
    ///
    /// O(bytes searched). Redis: <https://redis.io/commands/bitpos>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a bit other than 0 and 1.
    fn bitpos(&self, key: impl Into<Key>, bit: u64, range: impl Into<Option<BitRange>>) -> Self::Output<i64> {
        self.run(Ok(Command::BitPos { key: key.into(), bit, range: range.into() }))
    }

    /// Stores the combination of values bit by bit at the key `to`, replacing any value there; an empty one deletes the key.
    /// Returns its length in bytes.
    ///
    /// O(bytes of all values). Redis: <https://redis.io/commands/bitop>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, for more than one with [`Not`](BitOperation::Not), and for less than two with
    /// [`Diff`](BitOperation::Diff), [`Diff1`](BitOperation::Diff1) and [`AndOr`](BitOperation::AndOr). A Redis server has these
    /// three and [`One`](BitOperation::One) since version 8.2; an older one is `unsupported`.
    fn bitop(&self, operation: BitOperation, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::BitOp { operation, to: to.into(), keys: keys.into_keys() }))
    }

    /// Reads, writes and adds to integers of any size within a value, in order and as a whole, and keeps the TTL. Pads a
    /// shorter value with zero bytes if it writes. Returns a result for each operation but
    /// [`Overflow`](BitFieldOperation::Overflow): nothing where an integer did not fit and [`Fail`](crate::BitOverflow::Fail) was asked
    /// for.
    ///
    /// O(1) each, and O(bytes added). Redis: <https://redis.io/commands/bitfield>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for an offset past 2^32 - 1 or an impossible size; `too-large` when the value would be longer than
    /// 128 MiB.
    ///
    /// ```
    /// # use omnikv::{BitField, BitFieldOperation::*, BitOverflow, MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// let level = BitField::unsigned(4, 0);
    /// let results = kv.bitfield("player", [Set(level, 14), Overflow(BitOverflow::Sat), IncrBy(level, 5), Get(level)])?;
    /// assert_eq!(results, [Some(0), Some(15), Some(15)]);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn bitfield(
        &self,
        key: impl Into<Key>,
        operations: impl IntoIterator<Item = BitFieldOperation>,
    ) -> Self::Output<Vec<Option<i64>>> {
        let operations = operations.into_iter().collect();
        self.read(Ok(Command::BitField { key: key.into(), operations }), numbers_if_any)
    }
}

impl<R: Run + ?Sized> Bitmaps for R {}
