// The interface `bitmaps`: decode, run, encode.

use super::convert::keys;
use super::{Answer, Component, read, run};
use crate::exports::omnikv::kv::bitmaps::{
    BitOperation, BitRange, BitUnit, BitfieldInteger, BitfieldOperation, BitfieldOverflow, Guest,
};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use omnikv::command::{self, Command};
use omnikv::reply::numbers_if_any;

impl Guest for Component {
    fn getbit(store: StoreBorrow<'_>, key: String, offset: u64) -> Answer<u64> {
        run(&store, Command::GetBit { key: key.into(), offset })
    }

    fn setbit(store: StoreBorrow<'_>, key: String, offset: u64, bit: u64) -> Answer<u64> {
        run(&store, Command::SetBit { key: key.into(), offset, bit })
    }

    fn bitcount(store: StoreBorrow<'_>, key: String, range: Option<BitRange>) -> Answer<u64> {
        run(&store, Command::BitCount { key: key.into(), range: range.map(Into::into) })
    }

    fn bitpos(store: StoreBorrow<'_>, key: String, bit: u64, range: Option<BitRange>) -> Answer<i64> {
        run(&store, Command::BitPos { key: key.into(), bit, range: range.map(Into::into) })
    }

    fn bitop(store: StoreBorrow<'_>, operation: BitOperation, to: String, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::BitOp { operation: operation.into(), to: to.into(), keys: keys(names) })
    }

    fn bitfield(
        store: StoreBorrow<'_>,
        key: String,
        operations: Vec<BitfieldOperation>,
    ) -> Answer<Vec<Option<i64>>> {
        let operations = operations.into_iter().map(Into::into).collect();
        read(&store, Command::BitField { key: key.into(), operations }, numbers_if_any)
    }
}

impl From<BitRange> for command::BitRange {
    fn from(BitRange { start, end, unit }: BitRange) -> Self {
        let unit = match unit {
            BitUnit::Byte => command::BitUnit::Byte,
            BitUnit::Bit => command::BitUnit::Bit,
        };
        command::BitRange { start, end, unit }
    }
}

impl From<BitOperation> for command::BitOperation {
    fn from(operation: BitOperation) -> Self {
        match operation {
            BitOperation::And => Self::And,
            BitOperation::Or => Self::Or,
            BitOperation::Xor => Self::Xor,
            BitOperation::Not => Self::Not,
            BitOperation::Diff => Self::Diff,
            BitOperation::Diff1 => Self::Diff1,
            BitOperation::Andor => Self::AndOr,
            BitOperation::One => Self::One,
        }
    }
}

impl From<BitfieldOperation> for command::BitFieldOperation {
    fn from(operation: BitfieldOperation) -> Self {
        match operation {
            BitfieldOperation::Get(field) => Self::Get(field.into()),
            BitfieldOperation::Set((field, value)) => Self::Set(field.into(), value),
            BitfieldOperation::Incrby((field, by)) => Self::IncrBy(field.into(), by),
            BitfieldOperation::Overflow(BitfieldOverflow::Wrap) => Self::Overflow(command::BitOverflow::Wrap),
            BitfieldOperation::Overflow(BitfieldOverflow::Sat) => Self::Overflow(command::BitOverflow::Sat),
            BitfieldOperation::Overflow(BitfieldOverflow::Fail) => Self::Overflow(command::BitOverflow::Fail),
        }
    }
}

impl From<BitfieldInteger> for command::BitField {
    fn from(BitfieldInteger { signed, bits, offset }: BitfieldInteger) -> Self {
        command::BitField { signed, bits, offset }
    }
}
