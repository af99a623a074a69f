// Calls the operations on bitmaps whose JavaScript form differs from the WIT function's. No operation semantics.

use super::super::args::{Arg, Args};
use super::super::cases::{Fault, Value};
use super::{Surface, plain};
use omnikv::prelude::*;
use omnikv::{BitField, BitFieldOperation, BitOperation, BitOverflow, BitRange, BitUnit};

impl Arg for BitOperation {
    fn from_value(value: Value) -> Result<BitOperation, Fault> {
        Ok(match String::from_value(value)?.as_str() {
            "and" => BitOperation::And,
            "or" => BitOperation::Or,
            "xor" => BitOperation::Xor,
            "not" => BitOperation::Not,
            "diff" => BitOperation::Diff,
            "diff1" => BitOperation::Diff1,
            "andor" => BitOperation::AndOr,
            "one" => BitOperation::One,
            _ => return Err(Fault::invalid_argument("no such operation")),
        })
    }
}

impl Arg for BitUnit {
    fn from_value(value: Value) -> Result<BitUnit, Fault> {
        match String::from_value(value)?.as_str() {
            "byte" => Ok(BitUnit::Byte),
            "bit" => Ok(BitUnit::Bit),
            _ => Err(Fault::invalid_argument("no such unit")),
        }
    }
}

/// `["get", "u8", 0]`, `["set", "u8", "#1", 255]`, `["incrby", "i5", 100, 1]` or `["overflow", "sat"]`.
impl Arg for BitFieldOperation {
    fn from_value(value: Value) -> Result<BitFieldOperation, Fault> {
        let unfit = || Fault::invalid_argument("no operation on integers");
        let Value::List(words) = value else { return Err(unfit()) };
        let mut words = words.into_iter();
        let mut next = || words.next().ok_or_else(unfit);
        let name = String::from_value(next()?)?;
        if name == "overflow" {
            return Ok(BitFieldOperation::Overflow(match String::from_value(next()?)?.as_str() {
                "wrap" => BitOverflow::Wrap,
                "sat" => BitOverflow::Sat,
                "fail" => BitOverflow::Fail,
                _ => return Err(unfit()),
            }));
        }
        let kind = String::from_value(next()?)?;
        let (signed, bits) = match kind.split_at_checked(1) {
            Some(("i", bits)) => (true, bits),
            Some(("u", bits)) => (false, bits),
            _ => return Err(unfit()),
        };
        let bits: u8 = bits.parse().map_err(|_| unfit())?;
        let offset = match next()? {
            Value::Text(index) => {
                let index: u64 =
                    index.strip_prefix('#').and_then(|index| index.parse().ok()).ok_or_else(unfit)?;
                index * u64::from(bits)
            }
            offset => u64::from_value(offset)?,
        };
        let field = BitField { signed, bits, offset };
        Ok(match name.as_str() {
            "get" => BitFieldOperation::Get(field),
            "set" => BitFieldOperation::Set(field, i64::from_value(next()?)?),
            "incrby" => BitFieldOperation::IncrBy(field, i64::from_value(next()?)?),
            _ => return Err(unfit()),
        })
    }
}

/// Calls the operation, if it is one of these.
pub fn call<S: Surface>(s: &S, op: &str, a: &mut Args) -> Result<Option<S::Outcome>, Fault> {
    Ok(Some(match op {
        "bitcount" | "bitpos" => {
            a.end()?;
            let key: String = a.next()?;
            let bit: Option<u64> = if op == "bitpos" { Some(a.next()?) } else { None };
            let (start, end, unit): (Option<i64>, Option<i64>, Option<BitUnit>) = a.read()?;
            let range = start.map(|start| BitRange { start, end, unit: unit.unwrap_or_default() });
            match bit {
                Some(bit) => s.show(s.bitpos(key, bit, range), plain),
                None => s.show(s.bitcount(key, range), plain),
            }
        }
        "bitfield" => {
            a.end()?;
            let (key, operations): (String, Vec<BitFieldOperation>) = a.read()?;
            s.show(s.bitfield(key, operations), plain)
        }
        _ => return Ok(None),
    }))
}
