// The arguments that only commands on bitmaps have, and how they are read and printed. What they select is the engine's
// subject.

use super::args::{Args, is};
use super::argument::{Argument, Inspect, Item};
use super::row::{Arg, ArgKind};
use super::words::Words;
use crate::error::{Error, Form, Reason, Result};
use crate::integer;

/// The unit in which a [`BitRange`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitUnit {
    /// Bytes.
    #[default]
    Byte,
    /// Bits, the most significant one of each byte first.
    Bit,
}

/// A part of a bitmap. Negative positions count from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitRange {
    /// The first byte or bit.
    pub start: i64,
    /// The last byte or bit, inclusive; `None` for the end of the value.
    pub end: Option<i64>,
    /// What the positions count.
    pub unit: BitUnit,
}

/// How `bitop` combines values bit by bit. Shorter values count as followed by zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BitOperation {
    /// Bits that all values have.
    And,
    /// Bits that any value has.
    Or,
    /// Bits that an odd number of values have.
    Xor,
    /// Bits that the only value does not have.
    Not,
    /// Bits that the first value has and none of the others (Redis 8.2).
    Diff,
    /// Bits that any of the others has and the first value does not (Redis 8.2).
    Diff1,
    /// Bits that the first value has and any of the others (Redis 8.2).
    AndOr,
    /// Bits that exactly one value has (Redis 8.2).
    One,
}

/// An integer within a bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitField {
    /// Whether it has a sign, in two's complement.
    pub signed: bool,
    /// How many bits it has: 1 to 64, without a sign 1 to 63.
    pub bits: u8,
    /// Where its most significant bit is.
    pub offset: u64,
}

/// What `bitfield` does with an integer that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BitOverflow {
    /// Keeps its lowest bits.
    #[default]
    Wrap,
    /// Takes the nearest that fits.
    Sat,
    /// Writes nothing.
    Fail,
}

/// A part of `bitfield`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitFieldOperation {
    /// Reads an integer.
    Get(BitField),
    /// Writes an integer.
    Set(BitField, i64),
    /// Adds to an integer.
    IncrBy(BitField, i64),
    /// What the following parts do with integers that do not fit.
    Overflow(BitOverflow),
}

impl BitOperation {
    /// Rejects a number of values that it cannot combine.
    pub(crate) fn check(self, values: usize) -> Result<()> {
        let form = match self {
            BitOperation::Not if values > 1 => Form::OneKey,
            BitOperation::Diff if values == 1 => Form::TwoKeys("DIFF"),
            BitOperation::Diff1 if values == 1 => Form::TwoKeys("DIFF1"),
            BitOperation::AndOr if values == 1 => Form::TwoKeys("ANDOR"),
            _ => return Ok(()),
        };
        Err(Error::because(Reason::Malformed("keys", form)))
    }
}

/// There are 2^32 offsets, as in Redis.
pub(crate) const MAX_BIT_OFFSET: u64 = u32::MAX as u64;

impl BitField {
    /// The offset behind it.
    pub(crate) fn end(self) -> u64 {
        self.offset.saturating_add(u64::from(self.bits))
    }

    fn has_size(self) -> bool {
        (1..=if self.signed { 64 } else { 63 }).contains(&self.bits)
    }

    /// Rejects a size or an offset that no integer can have.
    pub(crate) fn check(self) -> Result<()> {
        let reason = match () {
            () if !self.has_size() => Reason::Malformed("type", Form::BitFieldType),
            () if self.offset > MAX_BIT_OFFSET => Reason::Malformed("offset", Form::BitOffset),
            () => return Ok(()),
        };
        Err(Error::because(reason))
    }

    fn read(args: &mut Args) -> BitField {
        let (signed, digits) = match args.next().and_then(<[u8]>::split_first) {
            Some((b'i', digits)) => (true, digits),
            Some((b'u', digits)) => (false, digits),
            _ => (false, [].as_slice()),
        };
        let bits = integer::parse(digits).and_then(|bits| u8::try_from(bits).ok()).unwrap_or_default();
        let mut field = BitField { signed, bits, offset: 0 };
        if !field.has_size() {
            args.expects("type", Form::BitFieldType);
            return field;
        }
        let word = args.next().unwrap_or_default();
        // `#3` is the fourth integer of this size.
        let (digits, size) = word.strip_prefix(b"#").map_or((word, 1), |digits| (digits, u64::from(bits)));
        let offset = integer::parse(digits).and_then(|number| u64::try_from(number).ok()?.checked_mul(size));
        match offset.filter(|offset| *offset <= MAX_BIT_OFFSET) {
            Some(offset) => field.offset = offset,
            None => args.expects("offset", Form::BitOffset),
        }
        field
    }

    fn print(self, words: Words) -> Words {
        words.word([if self.signed { "i" } else { "u" }, &self.bits.to_string()].concat()).number(self.offset)
    }
}

impl BitFieldOperation {
    /// The integer that it writes, if it writes one.
    pub(crate) fn written(self) -> Option<BitField> {
        match self {
            BitFieldOperation::Set(field, _) | BitFieldOperation::IncrBy(field, _) => Some(field),
            BitFieldOperation::Get(_) | BitFieldOperation::Overflow(_) => None,
        }
    }
}

impl Item for BitFieldOperation {
    const LIST: ArgKind = ArgKind::BitFields;

    fn read_item(args: &mut Args, _: &Arg) -> BitFieldOperation {
        let word = args.next().unwrap_or_default();
        let left = args.left();
        match word {
            _ if is(word, "GET") && left >= 2 => BitFieldOperation::Get(BitField::read(args)),
            _ if is(word, "SET") && left >= 3 => {
                BitFieldOperation::Set(BitField::read(args), args.integer("value"))
            }
            _ if is(word, "INCRBY") && left >= 3 => {
                BitFieldOperation::IncrBy(BitField::read(args), args.integer("by"))
            }
            _ if is(word, "OVERFLOW") && left >= 1 => {
                let overflow = args.next().and_then(BitOverflow::of_word);
                BitFieldOperation::Overflow(overflow.unwrap_or_else(|| {
                    args.expects("overflow", Form::OneOf("WRAP, SAT or FAIL".to_owned()));
                    BitOverflow::Wrap
                }))
            }
            _ => {
                args.refuse_option("GET, SET, INCRBY or OVERFLOW".to_owned(), word);
                BitFieldOperation::Overflow(BitOverflow::Wrap)
            }
        }
    }
    fn print_item(&self, words: Words) -> Words {
        match self {
            BitFieldOperation::Get(field) => field.print(words.word("GET")),
            BitFieldOperation::Set(field, value) => field.print(words.word("SET")).number(value),
            BitFieldOperation::IncrBy(field, by) => field.print(words.word("INCRBY")).number(by),
            BitFieldOperation::Overflow(overflow) => words.word("OVERFLOW").word(overflow.as_word()),
        }
    }
    fn inspect(&mut self, _: &mut dyn Inspect) {}
}

/// `start end [BYTE|BIT]`, as `BITCOUNT` takes it.
impl Argument for BitRange {
    const KIND: ArgKind = ArgKind::BitRange;

    fn read(args: &mut Args, arg: &Arg) -> BitRange {
        if args.left() == 1 {
            args.refuse(Reason::OptionMissing("end", args.taken() + 1));
        }
        refuse_more(args, 3, arg);
        let (start, end) = (args.integer("start"), args.integer("end"));
        BitRange { start, end: Some(end), unit: read_unit(args) }
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        let words = words.number(self.start).number(self.end.unwrap_or(-1));
        if self.unit == BitUnit::Bit { words.word("BIT") } else { words }
    }
}

/// `start [end [BYTE|BIT]]`, as `BITPOS` takes it. Redis reads the unit before the end.
pub(super) fn read_open_range(args: &mut Args, arg: &Arg) -> Option<BitRange> {
    if args.is_empty() {
        return None;
    }
    refuse_more(args, 3, arg);
    let start = args.integer("start");
    let Some(end) = args.next() else { return Some(BitRange { start, end: None, unit: BitUnit::Byte }) };
    let unit = read_unit(args);
    let end = integer::parse(end).unwrap_or_else(|| {
        args.expects("end", Form::Integer);
        0
    });
    Some(BitRange { start, end: Some(end), unit })
}

/// The same in words. Without an end there is no unit.
pub(super) fn print_open_range(words: Words, range: BitRange, arg: &Arg) -> Words {
    match range {
        BitRange { start, end: None, unit: BitUnit::Byte } => words.number(start),
        range => range.print(words, arg),
    }
}

fn refuse_more(args: &mut Args, most: usize, arg: &Arg) {
    if args.left() > most {
        args.refuse(Reason::OptionMissing(arg.name, args.taken()));
    }
}

fn read_unit(args: &mut Args) -> BitUnit {
    match args.next() {
        Some(word) if is(word, "BIT") => BitUnit::Bit,
        Some(word) if !is(word, "BYTE") => {
            args.refuse_option("BYTE or BIT".to_owned(), word);
            BitUnit::Byte
        }
        _ => BitUnit::Byte,
    }
}
