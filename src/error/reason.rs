// Why an operation failed, as data. Our message and Redis's (dialect/errors.rs) are both printed from it, so that each
// can be reworded independently. No knowledge of commands or backends.

use super::Kind;

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "gateway"),
    allow(dead_code, reason = "some reasons are those of servers and their clients")
)]
pub(crate) enum Reason {
    /// Only the message says why: Redis has no words of its own for it.
    Other,
    /// A server's message.
    Said(Box<str>),
    /// The key holds another type.
    WrongType(Clash),
    /// A stored value is not a 64-bit integer.
    NotAnInteger,
    /// A stored value is not a decimal number.
    NotADecimal,
    /// A stored string is not a HyperLogLog.
    NotHyperLogLog,
    /// A stored HyperLogLog is corrupted.
    CorruptHyperLogLog,
    /// The sum of two scores is not a number: one is infinite, the other infinite too and negative.
    NotANumber,
    /// The amount to subtract has no negation.
    NotNegatable,
    /// The sum does not fit 64 bits.
    Overflow,
    /// The key does not exist, but must.
    NoSuchKey,
    /// The list has no such index.
    NoSuchIndex,
    /// The member that a search is around does not exist.
    NoSuchMember,
    /// Source and destination are the same key.
    SameKey,
    /// Not a cursor of this store.
    BadCursor,
    /// The value would have this many bytes.
    ValueTooLong(u64),
    /// There is no such command. Holds Redis's message, which names it.
    UnknownCommand(String),
    /// The command has no such subcommand. Holds Redis's message, which names it.
    UnknownSubcommand(String),
    /// This argument is missing; that many arguments are present.
    Missing(&'static str, usize),
    /// This option's value is missing; that many arguments are present.
    OptionMissing(&'static str, usize),
    /// More arguments (the second number) than the command takes (the first).
    TooMany(usize, usize),
    /// Too few or too many arguments. Redis counts them before it parses them.
    WrongCount,
    /// A list must not be empty: the list's name, and what its items are.
    Empty(&'static str, &'static str),
    /// An argument is malformed.
    Malformed(&'static str, Form),
    /// A word that is not an option of the command; Redis quotes it.
    UnknownOption { known: String, word: String },
    /// Options that exclude each other.
    Excludes(&'static str),
    /// A time too far in the future.
    TooLate,
}

/// The key, and the types it holds and should hold. Unknown parts are empty: a server does not report them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The full key, until the caller's prefix is removed.
    pub key: Box<str>,
    pub held: &'static str,
    pub needed: &'static str,
}

/// Longer keys are cut in messages.
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

/// The form that an argument must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Integer,
    Natural,
    Positive,
    /// A decimal number.
    Decimal,
    /// A time in seconds or milliseconds.
    Time,
    /// An index counted from 1, or from -1 backwards.
    Rank,
    /// The same, but not the integer without a negation.
    LeastRank,
    /// The offset of a bit in a value.
    BitOffset,
    Utf8,
    /// A part of `records.mutate`.
    Mutation,
    /// A score of a sorted set.
    Score,
    /// A bound of a range of scores.
    ScoreBound,
    /// A bound of a range of members.
    LexBound,
    /// A single member.
    One,
    /// What only ranges by score or by member have.
    OnlyByScoreOrLex,
    /// What ranges by member do not have.
    NotByLex,
    /// A longitude and a latitude that a place can have. Holds the bits of what was given, which Redis quotes.
    Coordinates([u64; 2]),
    /// A unit of length.
    Unit,
    /// A length.
    Length,
    /// The text of a radius.
    NumericRadius,
    /// The text of a width.
    NumericWidth,
    /// The text of a height.
    NumericHeight,
    /// A point that a search is around.
    Origin,
    /// How far a search goes.
    Area,
    /// What only a search with a count has.
    OnlyWithCount,
    /// What a search that stores its result cannot have.
    NotStored,
    /// The type of an integer within a bitmap.
    BitFieldType,
    /// The only source of `NOT`.
    OneKey,
    /// The sources of this operation.
    TwoKeys(&'static str),
    /// Parts of `bitfield` that read.
    OnlyGet,
    /// One of these words.
    OneOf(String),
}

impl Reason {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Reason::Other | Reason::Said(_) => Kind::Internal,
            Reason::WrongType(_) | Reason::NotHyperLogLog => Kind::WrongType,
            Reason::NotAnInteger
            | Reason::NotADecimal
            | Reason::CorruptHyperLogLog
            | Reason::NotANumber
            | Reason::NotNegatable
            | Reason::Overflow => Kind::InvalidValue,
            Reason::NoSuchKey | Reason::NoSuchMember => Kind::NotFound,
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
            Reason::NotHyperLogLog,
            Reason::CorruptHyperLogLog,
            Reason::NotANumber,
            Reason::NotNegatable,
            Reason::Overflow,
            Reason::NoSuchKey,
            Reason::NoSuchIndex,
            Reason::NoSuchMember,
            Reason::SameKey,
            Reason::BadCursor,
            Reason::TooLate,
            Reason::Malformed("rank", Form::Rank),
            Reason::Malformed("rank", Form::LeastRank),
            Reason::Malformed("by", Form::Decimal),
            Reason::Malformed("offset", Form::BitOffset),
            Reason::Malformed("range", Form::Integer),
            Reason::Malformed("range", Form::ScoreBound),
            Reason::Malformed("range", Form::LexBound),
            Reason::Malformed("limit", Form::OnlyByScoreOrLex),
            Reason::Malformed("scores", Form::NotByLex),
            Reason::Malformed("bit", Form::OneOf("0 or 1".into())),
            Reason::Malformed("type", Form::BitFieldType),
            Reason::Malformed("keys", Form::OneKey),
        ];
        let length = message.split(' ').find_map(|word| word.parse().ok()).map(Reason::ValueTooLong);
        let known = reasons.into_iter().chain(length).find(|reason| reason.message() == message);
        known.unwrap_or(Reason::Other)
    }

    /// The message for people.
    pub(super) fn message(&self) -> String {
        match self {
            Reason::Other => String::new(),
            Reason::Said(text) => ["(server) says: ", text].concat(),
            Reason::WrongType(clash) => clash.message(),
            Reason::NotAnInteger => "found a value that is not a 64-bit integer".into(),
            Reason::NotADecimal => "found a value that is not a decimal number".into(),
            Reason::NotHyperLogLog => "found a string that is not a HyperLogLog".into(),
            Reason::CorruptHyperLogLog => "found a HyperLogLog that is corrupted".into(),
            Reason::NotANumber => "has a sum of scores that is not a number".into(),
            Reason::NotNegatable => "found a number that cannot be negated".into(),
            Reason::Overflow => "has a result that does not fit into 64 bits".into(),
            Reason::NoSuchKey => "(key) does not exist".into(),
            Reason::NoSuchMember => "(from) does not exist".into(),
            Reason::NoSuchIndex => "(index) is out of range for this list".into(),
            Reason::SameKey => "(to) expects a different key".into(),
            Reason::BadCursor => "(cursor) expects \"0\" or the cursor of the previous page".into(),
            Reason::ValueTooLong(length) => {
                ["would make a value of ", &length.to_string(), " bytes; the limit is 128 MiB"].concat()
            }
            Reason::UnknownCommand(_) => "no such command".into(),
            Reason::UnknownSubcommand(_) => "no such subcommand".into(),
            Reason::Missing(name, _) | Reason::OptionMissing(name, _) => {
                ["is missing argument (", &shown(name), ")"].concat()
            }
            Reason::TooMany(taken, got) => {
                ["expects ", &arguments(*taken), ", got ", &(*got as u64).to_string()].concat()
            }
            Reason::WrongCount => "got the wrong number of arguments".into(),
            Reason::Empty(name, of) => ["(", &shown(name), ") expects at least one ", of].concat(),
            Reason::Malformed(name, form) => ["(", &shown(name), ") expects ", form.text()].concat(),
            Reason::UnknownOption { known, .. } => ["(options) expects ", known].concat(),
            Reason::Excludes(words) => ["(options) expects only one of ", words].concat(),
            Reason::TooLate => "(expiry) is too far in the future".into(),
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
            Form::Time => "a time that fits 64 bits in milliseconds",
            Form::LeastRank => "no less than -9223372036854775807",
            Form::Rank => "1 for the first match, 2 for the second, -1 for the last, and so on",
            Form::BitOffset => "an offset below 2^32",
            Form::Utf8 => "valid UTF-8",
            Form::Mutation => "puts, patches and deletions of records, and new tasks",
            Form::Score => "a number that fits 64 bits, or an infinity",
            Form::ScoreBound => "numbers, -inf or inf; ( before one excludes it",
            Form::LexBound => "[member, (member, - or +",
            Form::One => "a single member if its score is incremented",
            Form::OnlyByScoreOrLex => "a range by score or by member",
            Form::NotByLex => "a range by rank or by score",
            Form::Coordinates(_) => {
                "a longitude from -180 to 180 and a latitude from -85.05112878 to 85.05112878"
            }
            Form::Unit => "m, km, ft or mi",
            Form::Length => "a length that is not negative",
            Form::NumericRadius | Form::NumericWidth | Form::NumericHeight => "a number",
            Form::Origin => "either FROMMEMBER or FROMLONLAT",
            Form::Area => "either BYRADIUS or BYBOX",
            Form::OnlyWithCount => "a count",
            Form::NotStored => "a search whose result is not stored",
            Form::BitFieldType => "i1 to i64 or u1 to u63",
            Form::OneKey => "a single key for NOT",
            Form::TwoKeys(_) => "two keys or more for this operation",
            Form::OnlyGet => "only GET and OVERFLOW",
            Form::OneOf(words) => words,
        }
    }
}

/// An argument's name as it appears in messages.
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
