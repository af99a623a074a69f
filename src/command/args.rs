// The arguments of one command, read from left to right. Converts bytes to argument types and reports malformed ones;
// no knowledge of operations.

use super::{Bytes, Key};
use crate::error::{Error, Form, Reason, Result};
use crate::integer;

/// A cursor over the arguments after the command word.
///
/// Reading never fails. The first error is remembered; after it there are no more arguments, and reads return empty
/// values. [`end`](Args::end) returns the error.
pub(crate) struct Args<'a> {
    rest: &'a [&'a [u8]],
    taken: usize,
    /// Whether options are being read: a missing value is a different error there.
    in_option: bool,
    refused: Option<Error>,
    /// Whether a malformed argument is only reported if nothing else is wrong.
    is_late: bool,
    refused_late: Option<Error>,
    /// The last number of items that preceded them.
    last_count: u64,
}

impl<'a> Args<'a> {
    pub fn new(arguments: &'a [&'a [u8]]) -> Self {
        Args {
            rest: arguments,
            taken: 0,
            in_option: false,
            refused: None,
            is_late: false,
            refused_late: None,
            last_count: 0,
        }
    }

    /// How many arguments have been read.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// The number of keys, where it precedes them.
    pub fn last_count(&self) -> u64 {
        self.last_count
    }

    /// The next argument, if any.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.taken += 1;
        Some(first)
    }

    /// Skips the next argument if it is this word.
    pub fn skip(&mut self, word: &str) -> bool {
        self.rest.first().is_some_and(|next| is(next, word)) && self.next().is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the first error, or an error if arguments are left over.
    pub fn end(mut self) -> Result<()> {
        if !self.is_empty() {
            self.refuse(Reason::TooMany(self.taken, self.taken + self.rest.len()));
        }
        self.refused.or(self.refused_late).map_or(Ok(()), Err)
    }

    /// Records an error.
    #[cold]
    pub fn refuse(&mut self, reason: Reason) {
        self.refuse_with(Error::because(reason));
    }

    #[cold]
    pub fn refuse_with(&mut self, error: Error) {
        self.refused.get_or_insert(error);
        self.rest = &[];
    }

    /// Records that an argument does not have this form.
    #[cold]
    pub fn expects(&mut self, what: &'static str, form: Form) {
        let reason = Reason::Malformed(what, form);
        match self.is_late {
            true => drop(self.refused_late.get_or_insert_with(|| Error::because(reason))),
            false => self.refuse(reason),
        }
    }

    /// Records that a word is not one of the options.
    #[cold]
    pub fn refuse_option(&mut self, known: String, word: &[u8]) {
        self.refuse(Reason::UnknownOption { known, word: super::parse::printable(word, 128) });
    }

    /// Reads an argument whose form Redis only checks after all other arguments.
    pub fn late<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        // If an option occurs twice, the last one counts.
        self.refused_late = None;
        self.is_late = true;
        let value = read(self);
        self.is_late = false;
        value
    }

    fn take(&mut self, what: &'static str) -> &'a [u8] {
        let in_option = self.in_option;
        self.next().unwrap_or_else(|| {
            self.refuse(match in_option {
                true => Reason::OptionMissing(what, self.taken),
                false => Reason::Missing(what, self.taken),
            });
            &[]
        })
    }

    /// The next option's word, if any.
    pub fn next_option(&mut self) -> Option<&'a [u8]> {
        self.in_option = true;
        self.next()
    }

    pub fn bytes(&mut self, what: &'static str) -> Bytes {
        self.take(what).to_vec()
    }

    pub fn text(&mut self, what: &'static str) -> String {
        match str::from_utf8(self.take(what)) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                self.expects(what, Form::Utf8);
                String::new()
            }
        }
    }

    pub fn key(&mut self) -> Key {
        Key(self.text("key"))
    }

    pub fn integer(&mut self, what: &'static str) -> i64 {
        integer::parse(self.take(what)).unwrap_or_else(|| {
            self.expects(what, Form::Integer);
            0
        })
    }

    pub fn natural(&mut self, what: &'static str) -> u64 {
        u64::try_from(self.integer(what)).unwrap_or_else(|_| {
            self.expects(what, Form::Natural);
            0
        })
    }

    pub fn positive(&mut self, what: &'static str) -> u64 {
        let number = self.natural(what);
        if number == 0 {
            self.expects(what, Form::Positive);
        }
        number
    }

    /// The time after one of these words, in milliseconds: `EX` and `EXAT` take seconds.
    pub fn time(&mut self, word: &str) -> u64 {
        let scale = if word.starts_with('E') { 1000 } else { 1 };
        let amount = self.positive("ttl");
        if amount > i64::MAX as u64 / scale {
            self.expects("ttl", Form::Time);
        }
        amount.wrapping_mul(scale)
    }

    /// How many arguments are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Reads `count` items. `count` comes from the client, so the capacity is limited to the number of arguments.
    pub fn counted<T>(&mut self, count: u64, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.last_count = count;
        let mut items = Vec::with_capacity(self.rest.len().min(usize::try_from(count).unwrap_or(usize::MAX)));
        while (items.len() as u64) < count && self.refused.is_none() {
            items.push(one(self));
        }
        items
    }
}

/// Whether an argument equals this word, ignoring case; `word` is in capitals.
pub(crate) fn is(argument: &[u8], word: &str) -> bool {
    argument.eq_ignore_ascii_case(word.as_bytes())
}
