// Integers within a bitmap: how they are read, changed and written. No knowledge of entries.

use crate::command::{BitField, BitFieldOperation, BitOverflow};

/// The bytes that an integer of 64 bits can touch.
const WINDOW: usize = 9;

/// The number of bytes that so many bits take.
pub(super) fn bytes_of(bits: u64) -> usize {
    usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)
}

/// What runs the operations of one `bitfield`.
#[derive(Default)]
pub(super) struct Fields {
    overflow: BitOverflow,
}

impl Fields {
    /// Runs operations that write nothing.
    pub(super) fn run_all(mut self, operations: &[BitFieldOperation], bytes: &[u8]) -> Vec<Option<i64>> {
        operations.iter().filter_map(|part| self.run(*part, bytes).map(|(found, _)| found)).collect()
    }

    /// Runs operations on a value that is long enough.
    pub(super) fn write_all(
        mut self,
        operations: &[BitFieldOperation],
        bytes: &mut [u8],
    ) -> Vec<Option<i64>> {
        let mut results = Vec::with_capacity(operations.len());
        for part in operations {
            let Some((result, change)) = self.run(*part, bytes) else { continue };
            if let Some((field, number)) = change {
                write(bytes, field, number);
            }
            results.push(result);
        }
        results
    }

    /// The result of an operation, and what it writes; `None` for one that only says how to go on.
    #[allow(clippy::type_complexity, reason = "each part says one thing and has no other use")]
    fn run(
        &mut self,
        part: BitFieldOperation,
        bytes: &[u8],
    ) -> Option<(Option<i64>, Option<(BitField, i128)>)> {
        let (field, old, new, gives_new) = match part {
            BitFieldOperation::Overflow(overflow) => {
                self.overflow = overflow;
                return None;
            }
            BitFieldOperation::Get(field) => {
                return Some((i64::try_from(read(bytes, field)).ok(), None));
            }
            BitFieldOperation::Set(field, value) => {
                // To an integer without a sign, a negative one is huge.
                let value = if field.signed { i128::from(value) } else { i128::from(value.cast_unsigned()) };
                (field, read(bytes, field), value, false)
            }
            BitFieldOperation::IncrBy(field, by) => {
                let old = read(bytes, field);
                (field, old, old.saturating_add(i128::from(by)), true)
            }
        };
        let (least, most) = limits(field);
        let new = match self.overflow {
            _ if (least..=most).contains(&new) => new,
            BitOverflow::Wrap => wrapped(new, field),
            BitOverflow::Sat => new.clamp(least, most),
            BitOverflow::Fail => return Some((None, None)),
        };
        let result = i64::try_from(if gives_new { new } else { old }).ok();
        Some((result, Some((field, new))))
    }
}

/// The least and the greatest integer that fit.
fn limits(field: BitField) -> (i128, i128) {
    let most = mask(field).cast_signed();
    match field.signed {
        true => ((!most) >> 1, most >> 1),
        false => (0, most),
    }
}

/// As many ones as the integer has bits.
fn mask(field: BitField) -> u128 {
    u128::MAX.checked_shr(128_u32.saturating_sub(u32::from(field.bits))).unwrap_or(0)
}

/// The lowest bits of a number, as an integer of this type.
fn wrapped(number: i128, field: BitField) -> i128 {
    let unused = 128_u32.saturating_sub(u32::from(field.bits));
    let shifted = number.wrapping_shl(unused);
    if field.signed {
        shifted.wrapping_shr(unused)
    } else {
        shifted.cast_unsigned().wrapping_shr(unused).cast_signed()
    }
}

/// The bytes around an integer as one number, the offset of the first of them, and how far the integer is from its end.
fn window(bytes: &[u8], field: BitField) -> (u128, usize, u32) {
    let start = usize::try_from(field.offset >> 3).unwrap_or(usize::MAX);
    let byte = |index: usize| bytes.get(start.saturating_add(index)).copied().unwrap_or(0);
    let window = (0..WINDOW).fold(0_u128, |window, index| (window << 8) | u128::from(byte(index)));
    let behind = 72_u32.saturating_sub((field.offset & 7) as u32).saturating_sub(u32::from(field.bits));
    (window, start, behind)
}

/// The integer; 0 for what is behind the end.
fn read(bytes: &[u8], field: BitField) -> i128 {
    let (window, _, behind) = window(bytes, field);
    wrapped((window >> behind).cast_signed(), field)
}

fn write(bytes: &mut [u8], field: BitField, number: i128) {
    let (window, start, behind) = window(bytes, field);
    let mask = mask(field);
    let window = (window & !(mask << behind)) | ((number.cast_unsigned() & mask) << behind);
    let window = window.to_be_bytes();
    let written = window.get(window.len().saturating_sub(WINDOW)..).unwrap_or_default();
    let places = bytes.get_mut(start..).unwrap_or_default();
    places.iter_mut().zip(written).for_each(|(place, byte)| *place = *byte);
}
