// What a row of the table of commands says: types and what follows from them. The rows are in `table.rs`.

use super::Effect;

/// A command's row in the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The operation's name, as in WIT.
    pub name: &'static str,
    /// The WIT interface that contains it: `keyspace`, `strings`, ...
    pub family: &'static str,
    /// What it does to the store, without options.
    pub effect: Effect,
    /// The shape of its reply.
    pub reply: Shape,
    /// Whether Redis has a command of this name.
    pub in_redis: bool,
    /// Its arguments: first the positional ones in order, then the options, which can be in any order.
    pub args: &'static [Arg],
}

impl Row {
    /// Whether it is about records or anything built on them: changes, consumers, locks and tasks.
    pub fn is_on_records(&self) -> bool {
        matches!(self.family, "records" | "changes" | "consumers" | "locks" | "tasks")
    }

    /// The command word: the name in capitals, without hyphens.
    pub fn word(&self) -> String {
        self.name.replace('-', "").to_ascii_uppercase()
    }

    /// Whether it touches keys that it does not name.
    pub fn is_on_keyspace(&self) -> bool {
        !self.args.iter().any(|arg| arg.kind.has_keys())
    }

    /// The fewest words of the command in Redis, including its name. Lists are never empty there.
    pub fn least_words(&self) -> usize {
        1 + self.args.iter().map(Arg::least_words).sum::<usize>()
    }

    /// The most words the command takes, including its name; `None` if there is no limit.
    pub fn most_words(&self) -> Option<usize> {
        let is_open = self.args.iter().any(|arg| arg.is_option || arg.kind.is_list());
        (!is_open).then(|| 1 + self.args.iter().filter(|arg| !arg.is_unsaid).count())
    }

    /// The number of words as in Redis's `COMMAND`: negative for a minimum.
    pub fn arity(&self) -> i64 {
        let least = self.least_words().cast_signed() as i64;
        if self.most_words() == Some(self.least_words()) { least } else { -least }
    }

    /// The position of keys as in Redis's `COMMAND`: the first, the last (-1: to the end) and the step between them.
    /// All are 0 if there are no keys. Keys whose number precedes them do not count.
    pub fn key_places(&self) -> [i64; 3] {
        let is_key = |arg: &&Arg| arg.kind.has_keys() && !arg.is_counted;
        let keys = self.args.iter().filter(is_key);
        let Some(first) = self.first_key().filter(|_| keys.clone().count() > 0) else { return [0; 3] };
        let first = first.cast_signed() as i64;
        match self.args.iter().rfind(is_key).map(|arg| arg.kind) {
            Some(ArgKind::Keys) => [first, -1, 1],
            Some(ArgKind::Entries) => [first, -1, 2],
            _ => [first, first + keys.count().cast_signed() as i64 - 1, 1],
        }
    }

    /// Whether the number of keys precedes them.
    pub fn has_counted_keys(&self) -> bool {
        self.args.iter().any(|arg| arg.is_counted)
    }

    /// The position of the first key among the words; `None` if there is no key.
    pub fn first_key(&self) -> Option<usize> {
        self.position(|arg| arg.kind.has_keys())
    }

    /// The position of the first key whose number precedes it; `None` if there is none.
    pub fn first_counted_key(&self) -> Option<usize> {
        self.position(|arg| arg.is_counted)
    }

    /// The position of the first word of an argument, after its number of items.
    fn position(&self, is_it: impl Fn(&Arg) -> bool) -> Option<usize> {
        let mut at = 1;
        for arg in self.args {
            if is_it(arg) {
                return Some(at + usize::from(arg.is_counted));
            }
            at += arg.least_words();
        }
        None
    }
}

/// An argument's entry in the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Arg {
    /// The field of [`Command`](crate::command::Command) that holds it.
    pub name: &'static str,
    /// Its kind.
    pub kind: ArgKind,
    /// The word before an option's value, or the words to choose from, separated by `|`.
    pub words: &'static str,
    /// Whether it is optional and can be anywhere after the positional arguments.
    pub is_option: bool,
    /// Whether the number of items precedes them.
    pub is_counted: bool,
    /// Whether a list must not be empty.
    pub at_least_one: bool,
    /// Whether Redis takes an empty list, too.
    pub may_be_empty: bool,
    /// Whether a number must not be zero.
    pub is_positive: bool,
    /// Whether the command's own words cannot express it, so that another command's are used.
    pub is_unsaid: bool,
    /// Whether Redis checks it after the options.
    pub is_late: bool,
}

impl Arg {
    fn least_words(&self) -> usize {
        match self.kind {
            // They may be anywhere, but not missing.
            ArgKind::Origin => return 2,
            ArgKind::Area => return 3,
            _ => {}
        }
        if self.is_option || self.is_unsaid {
            return 0;
        }
        match self.kind {
            ArgKind::OptionalInteger | ArgKind::OptionalNatural | ArgKind::Unit | ArgKind::BitRange => 0,
            _ if self.may_be_empty => 0,
            ArgKind::Entries | ArgKind::Fields | ArgKind::Scores | ArgKind::Limit | ArgKind::Origin => 2,
            ArgKind::Places | ArgKind::Area => 3,
            ArgKind::Keys | ArgKind::Values | ArgKind::Commands | ArgKind::BitFields => {
                usize::from(self.is_counted) + 1
            }
            ArgKind::Key
            | ArgKind::Bytes
            | ArgKind::Text
            | ArgKind::Integer
            | ArgKind::Natural
            | ArgKind::Choice
            | ArgKind::Flag
            | ArgKind::Expiry
            | ArgKind::TaskState
            | ArgKind::Score
            | ArgKind::Weights
            | ArgKind::Aggregate
            | ArgKind::ValueType => 1,
        }
    }
}

/// The kind of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgKind {
    /// The name of an entry.
    Key,
    /// Several keys.
    Keys,
    /// The bytes of a value, element, field or member.
    Bytes,
    /// Several values, elements, fields or members.
    Values,
    /// Keys, each with a value.
    Entries,
    /// Fields, each with a value.
    Fields,
    /// Text: a pattern, a cursor, a decimal number.
    Text,
    /// A signed integer.
    Integer,
    /// A non-negative integer.
    Natural,
    /// An optional signed integer at the end.
    OptionalInteger,
    /// A non-negative, optional integer at the end.
    OptionalNatural,
    /// One of several words.
    Choice,
    /// A word that is present or not.
    Flag,
    /// When a value expires.
    Expiry,
    /// What has happened to a task: words, each with its value.
    TaskState,
    /// The type of a value.
    ValueType,
    /// Commands, each after its number of words.
    Commands,
    /// A score of a sorted set, or what is added to it.
    Score,
    /// Scores, each with its member.
    Scores,
    /// A factor for each key.
    Weights,
    /// How scores are combined.
    Aggregate,
    /// An offset and a count.
    Limit,
    /// Coordinates, each with the member that is there.
    Places,
    /// An optional unit of length at the end.
    Unit,
    /// The point that a search is around.
    Origin,
    /// How far a search goes.
    Area,
    /// A start, an end and their unit, at the end of the command.
    BitRange,
    /// Parts of `bitfield`.
    BitFields,
}

impl ArgKind {
    fn is_list(self) -> bool {
        match self {
            ArgKind::Keys
            | ArgKind::Values
            | ArgKind::Entries
            | ArgKind::Fields
            | ArgKind::Scores
            | ArgKind::Places
            | ArgKind::BitRange
            | ArgKind::BitFields
            | ArgKind::Commands => true,
            ArgKind::Key
            | ArgKind::Bytes
            | ArgKind::Text
            | ArgKind::Integer
            | ArgKind::Natural
            | ArgKind::OptionalInteger
            | ArgKind::OptionalNatural
            | ArgKind::Choice
            | ArgKind::Flag
            | ArgKind::Expiry
            | ArgKind::TaskState
            | ArgKind::Score
            | ArgKind::Weights
            | ArgKind::Aggregate
            | ArgKind::Limit
            | ArgKind::Unit
            | ArgKind::Origin
            | ArgKind::Area
            | ArgKind::ValueType => false,
        }
    }

    /// Whether it names entries.
    fn has_keys(self) -> bool {
        match self {
            ArgKind::Key | ArgKind::Keys | ArgKind::Entries => true,
            // Records have keys of their own, in no slot of a cluster.
            ArgKind::Commands => false,
            ArgKind::Bytes
            | ArgKind::Values
            | ArgKind::Fields
            | ArgKind::Text
            | ArgKind::Integer
            | ArgKind::Natural
            | ArgKind::OptionalInteger
            | ArgKind::OptionalNatural
            | ArgKind::Choice
            | ArgKind::Flag
            | ArgKind::Expiry
            | ArgKind::TaskState
            | ArgKind::Score
            | ArgKind::Scores
            | ArgKind::Weights
            | ArgKind::Aggregate
            | ArgKind::Limit
            | ArgKind::Places
            | ArgKind::Unit
            | ArgKind::Origin
            | ArgKind::Area
            | ArgKind::BitRange
            | ArgKind::BitFields
            | ArgKind::ValueType => false,
        }
    }
}

/// The shape of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `OK`; null if a condition did not hold.
    Done,
    /// True or false, as 1 or 0.
    Flag,
    /// A number.
    Number,
    /// A value, or a word; null if there is none.
    Text,
    /// A decimal number as text.
    Decimal,
    /// Values in order, some of them possibly missing.
    Texts,
    /// A key; null if there is none.
    Key,
    /// Keys in order.
    Keys,
    /// Keys, each followed by its value.
    KeyPairs,
    /// One value, or a list if there is a count.
    OneOrMany,
    /// The chosen key, followed by some of its values; null if there is none.
    KeyAndTexts,
    /// Fields, each followed by its value.
    Pairs,
    /// True or false for each argument.
    Flags,
    /// One index, or a list if there is a count.
    Positions,
    /// A page of members, and the cursor of the next page.
    Page,
    /// A page of keys.
    KeysPage,
    /// A page of fields, each followed by its value.
    PairsPage,
    /// The fields of a lock or a consumer, some of them possibly missing; null if there is none.
    Fields,
    /// The fields of a record without its value.
    Head,
    /// The fields of a record; null if there is none.
    Record,
    /// Records, each with as many fields.
    Records,
    /// Changes of records, each with as many fields.
    Changes,
    /// The fields of a task; null if there is none.
    Task,
    /// Tasks, each with as many fields.
    Tasks,
    /// A number; null if there is none.
    NumberOrNothing,
    /// A number for each.
    Numbers,
    /// A number for each, some of them possibly missing.
    NumbersOrNothing,
    /// A score as text; null if there is none.
    Score,
    /// A score for each, some of them possibly missing.
    Scores,
    /// Members, each followed by its score.
    Scored,
    /// A rank and a score; null if there is none.
    RankAndScore,
    /// The chosen key, followed by members, each followed by its score; null if there is none.
    KeyAndScored,
    /// A page of members, each followed by its score.
    ScoredPage,
    /// A longitude and a latitude for each, some of them possibly missing.
    Places,
    /// Members, each followed by its [`Details`](super::Details).
    Found,
}
