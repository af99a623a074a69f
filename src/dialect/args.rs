// The arguments of one command, read from left to right. It turns bytes into argument types and says what is wrong
// with them; it must not know any operation.

use crate::command::{Bytes, Expiry, Key};
use crate::error::{Error, Result};
use crate::integer;

/// A cursor over the arguments after the word.
///
/// Reading never fails: the first thing that is wrong is remembered, nothing is left to be read after it, and what is
/// read all the same is empty. [`end`](Args::end) tells.
pub(super) struct Args<'a> {
    rest: &'a [&'a [u8]],
    taken: usize,
    refused: Option<Error>,
}

impl<'a> Args<'a> {
    pub fn new(arguments: &'a [&'a [u8]]) -> Self {
        Args { rest: arguments, taken: 0, refused: None }
    }

    /// The next argument, if there is one.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.taken += 1;
        Some(first)
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What was wrong first, if anything, and otherwise arguments that nothing has asked for.
    pub fn end(mut self) -> Result<()> {
        if !self.is_empty() {
            let got = (self.taken + self.rest.len()) as u64;
            self.refuse(&["expects ", &arguments(self.taken), ", got ", &got.to_string()]);
        }
        self.refused.map_or(Ok(()), Err)
    }

    /// Remembers that the arguments are wrong, in these words.
    #[cold]
    pub fn refuse(&mut self, words: &[&str]) {
        self.refuse_with(Error::invalid_argument(words.concat()));
    }

    #[cold]
    pub fn refuse_with(&mut self, error: Error) {
        self.refused.get_or_insert(error);
        self.rest = &[];
    }

    /// Remembers that an argument is not of this form.
    #[cold]
    pub fn expects(&mut self, what: &str, form: &str) {
        self.refuse(&["(", what, ") expects ", form]);
    }

    fn take(&mut self, what: &str) -> &'a [u8] {
        self.next().unwrap_or_else(|| {
            self.refuse(&["expects more than ", &arguments(self.taken), ": (", what, ") is missing"]);
            &[]
        })
    }

    pub fn bytes(&mut self, what: &str) -> Bytes {
        self.take(what).to_vec()
    }

    pub fn text(&mut self, what: &str) -> String {
        match str::from_utf8(self.take(what)) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                self.expects(what, "valid UTF-8");
                String::new()
            }
        }
    }

    pub fn key(&mut self) -> Key {
        Key(self.text("key"))
    }

    /// The second key of a command that has two.
    pub fn to(&mut self) -> Key {
        Key(self.text("to"))
    }

    pub fn integer(&mut self, what: &str) -> i64 {
        integer::parse(self.take(what)).unwrap_or_else(|| {
            self.expects(what, "a 64-bit integer");
            0
        })
    }

    pub fn natural(&mut self, what: &str) -> u64 {
        u64::try_from(self.integer(what)).unwrap_or_else(|_| {
            self.expects(what, "an integer that is not negative");
            0
        })
    }

    pub fn positive(&mut self, what: &str) -> u64 {
        let number = self.natural(what);
        if number == 0 {
            self.expects(what, "a positive integer");
        }
        number
    }

    /// A time in units of `scale` milliseconds, as milliseconds.
    pub fn time(&mut self, scale: u64) -> u64 {
        let amount = self.positive("ttl");
        if amount > i64::MAX as u64 / scale {
            self.expects("ttl", "a time whose milliseconds fit 64 bits");
        }
        amount.wrapping_mul(scale)
    }

    /// A count as the last argument, if any.
    pub fn optional_natural(&mut self, what: &str) -> Option<u64> {
        (!self.is_empty()).then(|| self.natural(what))
    }

    /// A count as the last argument, if any, of which the sign means something.
    pub fn optional_integer(&mut self, what: &str) -> Option<i64> {
        (!self.is_empty()).then(|| self.integer(what))
    }

    /// All that is left, perhaps nothing.
    pub fn keys(&mut self) -> Vec<Key> {
        let mut keys = Vec::with_capacity(self.rest.len());
        while !self.is_empty() {
            keys.push(self.key());
        }
        keys
    }

    /// All that is left, at least one.
    pub fn some_keys(&mut self) -> Vec<Key> {
        if self.is_empty() {
            self.expects("keys", "at least one key");
        }
        self.keys()
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
    pub fn some_values(&mut self, what: &str) -> Vec<Bytes> {
        if self.is_empty() {
            self.expects(what, "at least one value");
        }
        self.values()
    }

    pub fn entry(&mut self) -> (Key, Bytes) {
        (self.key(), self.bytes("value"))
    }

    /// All that is left as keys and values, at least one of each.
    pub fn entries(&mut self) -> Vec<(Key, Bytes)> {
        let mut pairs = Vec::with_capacity(self.rest.len() / 2);
        while !self.is_empty() || pairs.is_empty() {
            pairs.push(self.entry());
        }
        pairs
    }

    /// All that is left as fields and values, at least one of each.
    pub fn fields(&mut self) -> Vec<(Bytes, Bytes)> {
        let mut pairs = Vec::with_capacity(self.rest.len() / 2);
        while !self.is_empty() || pairs.is_empty() {
            pairs.push((self.bytes("field"), self.bytes("value")));
        }
        pairs
    }

    /// The next `count` things: a count that came as an argument is believed only as far as the arguments reach.
    pub fn counted<T>(&mut self, count: u64, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::with_capacity(self.rest.len().min(usize::try_from(count).unwrap_or(usize::MAX)));
        while (items.len() as u64) < count && self.refused.is_none() {
            items.push(one(self));
        }
        items
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
    pub fn read(&mut self, word: &[u8], args: &mut Args) -> bool {
        let Some(known) = EXPIRY_WORDS.into_iter().find(|known| is(word, known)) else { return false };
        if !self.word.is_empty() && self.word != known {
            args.expects("options", "only one of EX, PX, EXAT, PXAT, KEEPTTL and PERSIST");
        }
        self.word = known;
        self.expiry = match known {
            "KEEPTTL" => Expiry::Keep,
            "PERSIST" => Expiry::Never,
            _ => {
                let milliseconds = args.time(if known.starts_with('E') { 1000 } else { 1 });
                if known.ends_with("AT") { Expiry::At(milliseconds) } else { Expiry::After(milliseconds) }
            }
        };
        true
    }
}

/// Whether an argument is this word, which is in capitals.
#[inline(never)]
pub(super) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => (count as u64).to_string() + " arguments",
    }
}
