// Why an operation was refused, as data: our text and Redis's (dialect/errors.rs) are both printed from it, so that either
// can be reworded alone. It must not know commands or backends.

use super::Kind;

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "gateway"),
    allow(dead_code, reason = "some reasons are those of servers and their clients")
)]
pub(crate) enum Reason {
    /// Only the message tells: Redis has no words of its own for it.
    Other,
    /// A server has said it, in these words.
    Said(Box<str>),
    /// A key holds another type of value.
    WrongType(Clash),
    /// A stored value is not a 64-bit integer.
    NotAnInteger,
    /// A stored value is not a decimal number.
    NotADecimal,
    /// The amount to subtract has no counterpart.
    NotNegatable,
    /// The sum does not fit 64 bits.
    Overflow,
    /// The key must exist.
    NoSuchKey,
    /// The list has no such index.
    NoSuchIndex,
    /// Source and destination are one key.
    SameKey,
    /// A cursor that no page gave.
    BadCursor,
    /// The value would be so many bytes long.
    ValueTooLong(u64),
    /// There is no such command; Redis says which.
    UnknownCommand(String),
    /// The command has no such subcommand; Redis says which.
    UnknownSubcommand(String),
    /// An argument is missing behind so many.
    Missing(&'static str, usize),
    /// An option's value is missing behind so many arguments.
    OptionMissing(&'static str, usize),
    /// There are more arguments (the second number) than the command takes.
    TooMany(usize, usize),
    /// There are too few arguments or too many: Redis counts before it looks at them.
    WrongCount,
    /// A list is empty that must not be, and what it is of.
    Empty(&'static str, &'static str),
    /// An argument is malformed.
    Malformed(&'static str, Form),
    /// A word that is none of the command's options; Redis repeats it.
    UnknownOption { known: String, word: String },
    /// Options that exclude each other.
    Excludes(&'static str),
    /// A moment too far away.
    TooLate,
}

/// Which key holds what, where what else is needed. What is not known is empty: a server does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The whole name, with the prefix of whoever asks until that is taken off.
    pub key: Box<str>,
    pub held: &'static str,
    pub needed: &'static str,
}

/// Longer names are cut in messages.
const SHOWN_KEY_BYTES: usize = 80;

impl Clash {
    fn message(&self) -> String {
        let mut end = self.key.len().min(SHOWN_KEY_BYTES);
        while !self.key.is_char_boundary(end) {
            end -= 1;
        }
        let (shown, rest) = self.key.split_at_checked(end).unwrap_or_default();
        let shown = shown.replace(char::is_control, "?");
        let key = match (shown.as_str(), rest) {
            ("", _) => "key".to_owned(),
            (shown, "") => ["key \"", shown, "\""].concat(),
            (shown, _) => ["key \"", shown, "...\""].concat(),
        };
        if self.held.is_empty() {
            return key + " holds another type of value";
        }
        [&key, " holds a ", self.held, ", not a ", self.needed].concat()
    }
}

/// What an argument must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Integer,
    Natural,
    Positive,
    /// A decimal number.
    Decimal,
    /// A time in seconds or milliseconds.
    Time,
    /// A place counted from 1, or from -1 backwards.
    Rank,
    /// The same, and not the one that has no counterpart.
    LeastRank,
    /// A place among the bits of a value.
    BitOffset,
    Utf8,
    /// A part of `records.mutate`.
    Mutation,
    /// One of these words.
    OneOf(String),
}

impl Reason {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Reason::Other | Reason::Said(_) => Kind::Internal,
            Reason::WrongType(_) => Kind::WrongType,
            Reason::NotAnInteger | Reason::NotADecimal | Reason::NotNegatable | Reason::Overflow => {
                Kind::InvalidValue
            }
            Reason::NoSuchKey => Kind::NotFound,
            Reason::ValueTooLong(_) => Kind::TooLarge,
            Reason::UnknownCommand(_) | Reason::UnknownSubcommand(_) => Kind::Unsupported,
            Reason::NoSuchIndex
            | Reason::SameKey
            | Reason::BadCursor
            | Reason::Missing(..)
            | Reason::OptionMissing(..)
            | Reason::TooMany(..)
            | Reason::WrongCount
            | Reason::Empty(..)
            | Reason::Malformed(..)
            | Reason::UnknownOption { .. }
            | Reason::Excludes(_)
            | Reason::TooLate => Kind::InvalidArgument,
        }
    }

    /// The reason of a command's failure that has this message: where an error has come as its kind and message, as from the
    /// memory store's module in JavaScript.
    pub(super) fn of_message(message: &str) -> Reason {
        let reasons = [
            Reason::NotAnInteger,
            Reason::NotADecimal,
            Reason::NotNegatable,
            Reason::Overflow,
            Reason::NoSuchKey,
            Reason::NoSuchIndex,
            Reason::SameKey,
            Reason::BadCursor,
            Reason::TooLate,
            Reason::Malformed("rank", Form::Rank),
            Reason::Malformed("rank", Form::LeastRank),
            Reason::Malformed("by", Form::Decimal),
            Reason::Malformed("offset", Form::BitOffset),
        ];
        let length = message.split(' ').find_map(|word| word.parse().ok()).map(Reason::ValueTooLong);
        let known = reasons.into_iter().chain(length).find(|reason| reason.message() == message);
        known.unwrap_or(Reason::Other)
    }

    /// What to tell a person.
    pub(super) fn message(&self) -> String {
        match self {
            Reason::Other => String::new(),
            Reason::Said(text) => ["(server) says: ", text].concat(),
            Reason::WrongType(clash) => clash.message(),
            Reason::NotAnInteger => "meets a value that is not a 64-bit integer".into(),
            Reason::NotADecimal => "meets a value that is not a decimal number".into(),
            Reason::NotNegatable => "meets a number that cannot be negated".into(),
            Reason::Overflow => "would go past 64 bits".into(),
            Reason::NoSuchKey => "(key) does not exist".into(),
            Reason::NoSuchIndex => "(index) is out of range for this list".into(),
            Reason::SameKey => "(to) expects another key than the source".into(),
            Reason::BadCursor => "(cursor) expects \"0\" or the cursor of the last page".into(),
            Reason::ValueTooLong(length) => {
                ["would make a value of ", &length.to_string(), " bytes; the limit is 128 MiB"].concat()
            }
            Reason::UnknownCommand(_) => "no such command".into(),
            Reason::UnknownSubcommand(_) => "no such subcommand".into(),
            Reason::Missing(name, taken) | Reason::OptionMissing(name, taken) => {
                ["expects more than ", &arguments(*taken), ": (", &shown(name), ") is missing"].concat()
            }
            Reason::TooMany(taken, got) => {
                ["expects ", &arguments(*taken), ", got ", &(*got as u64).to_string()].concat()
            }
            Reason::WrongCount => "expects another number of arguments".into(),
            Reason::Empty(name, of) => ["(", &shown(name), ") expects at least one ", of].concat(),
            Reason::Malformed(name, form) => ["(", &shown(name), ") expects ", form.text()].concat(),
            Reason::UnknownOption { known, .. } => ["(options) expects ", known].concat(),
            Reason::Excludes(words) => ["(options) expects only one of ", words].concat(),
            Reason::TooLate => "(expiry) is past the last moment that 64 bits can tell".into(),
        }
    }
}

impl Form {
    fn text(&self) -> &str {
        match self {
            Form::Integer => "a 64-bit integer",
            Form::Natural => "an integer that is not negative",
            Form::Positive => "a positive integer",
            Form::Decimal => "a finite decimal number",
            Form::Time => "a time whose milliseconds fit 64 bits",
            Form::LeastRank => "no less than -9223372036854775807",
            Form::Rank => "1 for the first match, 2 for the second, -1 for the last, and so on",
            Form::BitOffset => "an offset below 2^32",
            Form::Utf8 => "valid UTF-8",
            Form::Mutation => "puts, patches and deletions of records, and new tasks",
            Form::OneOf(words) => words,
        }
    }
}

/// An argument's name as errors say it.
fn shown(name: &str) -> String {
    name.replace('_', "-")
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => (count as u64).to_string() + " arguments",
    }
}
