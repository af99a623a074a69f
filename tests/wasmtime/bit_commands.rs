// The commands on bitmaps as calls of their WIT functions, and the results as the commands' replies.

use crate::bindings::exports::omnikv::kv::bitmaps;
use crate::commands::arguments;
use crate::convert::keys;
use crate::plain::IntoReply;
use crate::{Handle, Instance, untrapped};
use omnikv::Result;
use omnikv::command::{self, Command, Reply};

impl Instance {
    pub fn execute_on_bitmaps(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        let Instance { guest, store, .. } = self;
        macro_rules! call {
            ($function:ident($($argument:expr),*)) => {
                untrapped(guest.omnikv_kv_bitmaps().$function(&mut *store, handle.0, $($argument),*))?.into_reply()
            };
        }
        Ok(match command {
            Command::BitCount { key, range } => call!(call_bitcount(key.as_str(), range.map(of_range))),
            Command::BitPos { key, bit, range } => {
                call!(call_bitpos(key.as_str(), *bit, range.map(of_range)))
            }
            Command::BitOp { operation, to, keys: names } => {
                call!(call_bitop(of_operation(*operation), to.as_str(), &keys(names)))
            }
            Command::BitField { key, operations } => {
                let operations: Vec<_> = operations.iter().map(of_part).collect();
                call!(call_bitfield(key.as_str(), &operations))
            }
            _ => return self.call_plain(handle, command.name(), arguments(command)),
        })
    }
}

fn of_range(range: command::BitRange) -> bitmaps::BitRange {
    let unit = match range.unit {
        command::BitUnit::Byte => bitmaps::BitUnit::Byte,
        command::BitUnit::Bit => bitmaps::BitUnit::Bit,
    };
    bitmaps::BitRange { start: range.start, end: range.end, unit }
}

fn of_operation(operation: command::BitOperation) -> bitmaps::BitOperation {
    match operation {
        command::BitOperation::And => bitmaps::BitOperation::And,
        command::BitOperation::Or => bitmaps::BitOperation::Or,
        command::BitOperation::Xor => bitmaps::BitOperation::Xor,
        command::BitOperation::Not => bitmaps::BitOperation::Not,
        command::BitOperation::Diff => bitmaps::BitOperation::Diff,
        command::BitOperation::Diff1 => bitmaps::BitOperation::Diff1,
        command::BitOperation::AndOr => bitmaps::BitOperation::Andor,
        command::BitOperation::One => bitmaps::BitOperation::One,
        other => panic!("{other:?} has no case in WIT"),
    }
}

fn of_part(part: &command::BitFieldOperation) -> bitmaps::BitfieldOperation {
    let of_field = |field: &command::BitField| bitmaps::BitfieldInteger {
        signed: field.signed,
        bits: field.bits,
        offset: field.offset,
    };
    match part {
        command::BitFieldOperation::Get(field) => bitmaps::BitfieldOperation::Get(of_field(field)),
        command::BitFieldOperation::Set(field, value) => {
            bitmaps::BitfieldOperation::Set((of_field(field), *value))
        }
        command::BitFieldOperation::IncrBy(field, by) => {
            bitmaps::BitfieldOperation::Incrby((of_field(field), *by))
        }
        command::BitFieldOperation::Overflow(overflow) => {
            bitmaps::BitfieldOperation::Overflow(match overflow {
                command::BitOverflow::Wrap => bitmaps::BitfieldOverflow::Wrap,
                command::BitOverflow::Sat => bitmaps::BitfieldOverflow::Sat,
                command::BitOverflow::Fail => bitmaps::BitfieldOverflow::Fail,
            })
        }
    }
}
