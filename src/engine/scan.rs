// Cursors over dense tables. They keep no state between calls.

use crate::error::{Error, Form, Reason, Result};
use crate::integer;
use std::ops::Range;

/// How many elements a scan call visits by default.
const DEFAULT_COUNT: u64 = 10;

/// A scan's position: how many elements are left, `None` at its start.
///
/// Scanning backwards keeps Redis's guarantee that an element present throughout the scan is returned at least once:
/// new elements are appended at the end, and a removed one is replaced by the last, which either has been returned
/// already or is still ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor(Option<usize>);

impl Cursor {
    /// Parses a cursor. An invalid one is reported before the key is looked up.
    pub fn parse(text: &str) -> Result<Cursor> {
        match integer::parse_digits(text.as_bytes()).map(usize::try_from) {
            Some(Ok(0)) => Ok(Cursor(None)),
            Some(Ok(left)) => Ok(Cursor(Some(left))),
            _ => Err(Error::because(Reason::BadCursor)),
        }
    }

    /// The index range of a table of `len` elements that this call visits, backwards, and the next call's cursor.
    pub fn window(self, count: Option<u64>, len: usize) -> Result<(Range<usize>, String)> {
        let left = self.0.map_or(len, |left| left.min(len));
        let count = match count {
            Some(0) => return Err(Error::because(Reason::Malformed("count", Form::Positive))),
            count => usize::try_from(count.unwrap_or(DEFAULT_COUNT)).unwrap_or(usize::MAX),
        };
        let start = left.saturating_sub(count);
        Ok((start..left, (start as u64).to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cursor: &str, count: Option<u64>, len: usize) -> Result<(Range<usize>, String)> {
        Cursor::parse(cursor)?.window(count, len)
    }

    #[test]
    fn windows_cover_everything_once() {
        let (first, cursor) = window("0", Some(3), 7).unwrap();
        let (second, cursor) = window(&cursor, Some(3), 7).unwrap();
        let (third, cursor) = window(&cursor, Some(3), 7).unwrap();
        assert_eq!((first, second, third, cursor.as_str()), (4..7, 1..4, 0..1, "0"));
    }

    #[test]
    fn a_cursor_beyond_a_shrunken_table_is_valid() {
        assert_eq!(window("9", None, 4).unwrap(), (0..4, "0".into()));
        assert!(window("x", None, 4).is_err());
        assert!(window("0", Some(0), 4).is_err());
    }
}
