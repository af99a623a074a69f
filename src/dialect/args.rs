// The arguments of one command, read from left to right. It turns bytes into argument types and says what is wrong
// with them; it must not know any operation.

use crate::command::{Bytes, Expiry, Key};
use crate::error::{Error, Result};

/// A cursor over the arguments after the word.
pub(super) struct Args<'a, A> {
    rest: &'a [A],
    taken: usize,
}

impl<'a, A: AsRef<[u8]>> Args<'a, A> {
    pub fn new(arguments: &'a [A]) -> Self {
        Args { rest: arguments, taken: 0 }
    }

    /// The next argument, if there is one.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.taken += 1;
        Some(first.as_ref())
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Refuses arguments that nothing has asked for.
    pub fn end(&self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(too_many(self.taken, self.rest.len())) }
    }

    fn take(&mut self, what: &str) -> Result<&'a [u8]> {
        match self.next() {
            Some(argument) => Ok(argument),
            None => Err(missing(what, self.taken)),
        }
    }

    pub fn bytes(&mut self, what: &str) -> Result<Bytes> {
        self.take(what).map(<[u8]>::to_vec)
    }

    pub fn text(&mut self, what: &str) -> Result<String> {
        let bytes = self.take(what)?;
        match str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(expects(what, "valid UTF-8")),
        }
    }

    pub fn key(&mut self) -> Result<Key> {
        self.text("key").map(Key)
    }

    /// The second key of a command that has two.
    pub fn to(&mut self) -> Result<Key> {
        self.text("to").map(Key)
    }

    pub fn integer(&mut self, what: &str) -> Result<i64> {
        parse_integer(self.take(what)?).ok_or_else(|| expects(what, "a 64-bit integer"))
    }

    pub fn natural(&mut self, what: &str) -> Result<u64> {
        u64::try_from(self.integer(what)?).map_err(|_| expects(what, "an integer that is not negative"))
    }

    pub fn positive(&mut self, what: &str) -> Result<u64> {
        match self.natural(what)? {
            0 => Err(expects(what, "a positive integer")),
            number => Ok(number),
        }
    }

    /// A count as the last argument, if any.
    pub fn optional_natural(&mut self, what: &str) -> Result<Option<u64>> {
        if self.is_empty() { Ok(None) } else { self.natural(what).map(Some) }
    }

    /// All that is left, perhaps nothing.
    pub fn keys(&mut self) -> Result<Vec<Key>> {
        let mut keys = Vec::with_capacity(self.rest.len());
        while !self.is_empty() {
            keys.push(self.key()?);
        }
        Ok(keys)
    }

    /// All that is left, at least one.
    pub fn some_keys(&mut self) -> Result<Vec<Key>> {
        if self.is_empty() { Err(expects("keys", "at least one key")) } else { self.keys() }
    }

    /// All that is left, perhaps nothing.
    pub fn values(&mut self) -> Vec<Bytes> {
        let mut values = Vec::with_capacity(self.rest.len());
        while let Some(value) = self.next() {
            values.push(value.to_vec());
        }
        values
    }

    /// All that is left, at least one.
    pub fn some_values(&mut self, what: &str) -> Result<Vec<Bytes>> {
        if self.is_empty() { Err(expects(what, "at least one value")) } else { Ok(self.values()) }
    }

    /// All that is left as keys and values, at least one of each.
    pub fn entries(&mut self) -> Result<Vec<(Key, Bytes)>> {
        let mut pairs = Vec::with_capacity(self.rest.len() / 2);
        while !self.is_empty() || pairs.is_empty() {
            pairs.push((self.key()?, self.bytes("value")?));
        }
        Ok(pairs)
    }

    /// All that is left as fields and values, at least one of each.
    pub fn fields(&mut self) -> Result<Vec<(Bytes, Bytes)>> {
        let mut pairs = Vec::with_capacity(self.rest.len() / 2);
        while !self.is_empty() || pairs.is_empty() {
            pairs.push((self.bytes("field")?, self.bytes("value")?));
        }
        Ok(pairs)
    }

    /// The next `count` arguments as keys: a count that came as an argument is believed only as far as they reach.
    pub fn counted<T>(&mut self, count: u64, mut one: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = Vec::with_capacity(self.rest.len().min(usize::try_from(count).unwrap_or(usize::MAX)));
        for _ in 0..count {
            items.push(one(self)?);
        }
        Ok(items)
    }
}

/// The words that say when a value expires; the last is ours.
const EXPIRY_WORDS: [&str; 6] = ["EX", "PX", "EXAT", "PXAT", "KEEPTTL", "PERSIST"];

/// The expiry option of a command, gathered while its options are read.
#[derive(Default)]
pub(super) struct ExpiryOption {
    word: &'static str,
    pub expiry: Expiry,
}

impl ExpiryOption {
    /// Takes `word` and its argument if it is one of the expiry words; two different ones exclude each other.
    pub fn read<A: AsRef<[u8]>>(&mut self, word: &[u8], args: &mut Args<A>) -> Result<bool> {
        let Some(known) = EXPIRY_WORDS.into_iter().find(|known| is(word, known)) else { return Ok(false) };
        if !self.word.is_empty() && self.word != known {
            return Err(expects("options", "only one of EX, PX, EXAT, PXAT, KEEPTTL and PERSIST"));
        }
        self.word = known;
        self.expiry = match known {
            "KEEPTTL" => Expiry::Keep,
            "PERSIST" => Expiry::Never,
            _ => {
                let amount = args.positive("ttl")?;
                let milliseconds =
                    if known.starts_with('E') { amount.checked_mul(1000) } else { Some(amount) };
                let Some(milliseconds) = milliseconds.filter(|&total| i64::try_from(total).is_ok()) else {
                    return Err(expects("ttl", "a time whose milliseconds fit 64 bits"));
                };
                if known.ends_with("AT") { Expiry::At(milliseconds) } else { Expiry::After(milliseconds) }
            }
        };
        Ok(true)
    }
}

/// Whether an argument is this word, which is in capitals.
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

/// An integer exactly as Redis reads it: no sign but `-`, no leading zero, no space.
fn parse_integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => Some(0),
        [b'1'..=b'9', ..] => str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

#[cold]
pub(super) fn expects(what: &str, form: &str) -> Error {
    Error::invalid_argument(format!("({what}) expects {form}"))
}

#[cold]
fn missing(what: &str, got: usize) -> Error {
    Error::invalid_argument(format!("expects more than {}: ({what}) is missing", arguments(got)))
}

#[cold]
fn too_many(taken: usize, left: usize) -> Error {
    Error::invalid_argument(format!("expects {}, got {}", arguments(taken), taken + left))
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_integer;

    #[test]
    fn integers_are_read_as_redis_reads_them() {
        for (text, number) in [("0", 0), ("-1", -1), ("9223372036854775807", i64::MAX)] {
            assert_eq!(parse_integer(text.as_bytes()), Some(number));
        }
        assert_eq!(parse_integer(b"-9223372036854775808"), Some(i64::MIN));
        for text in
            ["", "-", "+1", " 1", "1 ", "01", "-0", "--1", "1.0", "1e3", "0x1", "9223372036854775808", "1\0"]
        {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text:?}");
        }
    }
}
