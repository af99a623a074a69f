// How each type of argument is read from and printed as words. No knowledge of any command.

use super::args::{Args, is};
use super::row::{Arg, ArgKind};
use super::table::one_of;
use super::words::{Speaker, Words};
use super::{
    Aggregate, BitOperation, BitOverflow, Bytes, Command, Ending, ExpireCondition, Expiry, Extreme, Key,
    Position, SetCondition, Side, SortOrder, TaskStatus, ValueType,
};
use crate::error::{Form, Reason};

/// A visitor of everything a command carries. It may change keys.
pub(crate) trait Inspect {
    fn key(&mut self, key: &mut Key);
    /// A value, element, field or member.
    fn bytes(&mut self, bytes: &Bytes);
    fn expiry(&mut self, expiry: Expiry);
    /// A score, or what scores are multiplied with.
    fn score(&mut self, _score: f64) {}
}

/// A type of argument.
pub(crate) trait Argument: Sized {
    /// Its kind in the table.
    const KIND: ArgKind;
    /// The words to choose from.
    const WORDS: &str = "";

    /// Reads a positional argument.
    fn read(args: &mut Args, arg: &Arg) -> Self;

    fn print(&self, words: Words, arg: &Arg) -> Words;

    /// Reads an option and its value. Returns false if the word is not this option's.
    fn take_option(slot: &mut Option<Self>, word: &[u8], args: &mut Args, arg: &Arg) -> bool {
        let is_known = is(word, arg.words);
        if is_known {
            *slot = Some(Self::read(args, arg));
        }
        is_known
    }

    fn print_option(&self, words: Words, arg: &Arg) -> Words {
        self.print(words.word(arg.words), arg)
    }

    fn each_key<'a>(&'a self, _visit: &mut dyn FnMut(&'a Key)) {}
    fn inspect(&mut self, _by: &mut dyn Inspect) {}

    fn is_empty_list(&self) -> bool {
        false
    }
}

/// A type of argument that is an option: optional, in any position after the positional arguments.
pub(crate) trait OptionArgument: Sized {
    /// Its state while it is being read.
    type Reading: Default;

    /// Reads a word and what belongs to it. Returns false if the word is not this option's.
    fn take(reading: &mut Self::Reading, word: &[u8], args: &mut Args, arg: &Arg) -> bool;

    fn finish(reading: Self::Reading) -> Self;
}

impl Argument for Key {
    const KIND: ArgKind = ArgKind::Key;

    fn read(args: &mut Args, arg: &Arg) -> Key {
        Key(args.text(arg.name))
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self.as_bytes())
    }
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        visit(self);
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.key(self);
    }
}

impl Argument for Bytes {
    const KIND: ArgKind = ArgKind::Bytes;

    fn read(args: &mut Args, arg: &Arg) -> Bytes {
        args.bytes(arg.name)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self)
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.bytes(self);
    }
}

impl Argument for String {
    const KIND: ArgKind = ArgKind::Text;

    fn read(args: &mut Args, arg: &Arg) -> String {
        args.text(arg.name)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self)
    }
}

impl Argument for i64 {
    const KIND: ArgKind = ArgKind::Integer;

    fn read(args: &mut Args, arg: &Arg) -> i64 {
        if arg.is_late { args.late(|args| args.integer(arg.name)) } else { args.integer(arg.name) }
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.number(self)
    }
}

impl Argument for u64 {
    const KIND: ArgKind = ArgKind::Natural;

    fn read(args: &mut Args, arg: &Arg) -> u64 {
        if arg.is_positive { args.positive(arg.name) } else { args.natural(arg.name) }
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.number(self)
    }
}

/// An option with a value, or an optional last argument.
impl<T: Argument> Argument for Option<T> {
    const KIND: ArgKind = match T::KIND {
        ArgKind::Integer => ArgKind::OptionalInteger,
        ArgKind::Natural => ArgKind::OptionalNatural,
        kind => kind,
    };
    const WORDS: &str = T::WORDS;

    fn read(args: &mut Args, arg: &Arg) -> Option<T> {
        (!args.is_empty()).then(|| T::read(args, arg))
    }
    fn print(&self, words: Words, arg: &Arg) -> Words {
        match self {
            Some(value) if arg.is_option => value.print_option(words, arg),
            Some(value) => value.print(words, arg),
            None => words,
        }
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        if let Some(value) = self {
            value.inspect(by);
        }
    }
}

impl<T: Argument> OptionArgument for Option<T> {
    type Reading = Option<T>;

    fn take(reading: &mut Option<T>, word: &[u8], args: &mut Args, arg: &Arg) -> bool {
        T::take_option(reading, word, args, arg)
    }
    fn finish(reading: Option<T>) -> Option<T> {
        reading
    }
}

/// A list takes all remaining arguments, or as many as the number before them says.
impl<T: Item> Argument for Vec<T> {
    const KIND: ArgKind = T::LIST;

    fn read(args: &mut Args, arg: &Arg) -> Vec<T> {
        if arg.is_counted {
            let count = args.positive("numkeys");
            return args.counted(count, |args| T::read_item(args, arg));
        }
        if arg.at_least_one && args.is_empty() {
            T::refuse_none(args, arg);
        }
        let mut items = Vec::with_capacity(args.left());
        while !args.is_empty() {
            items.push(T::read_item(args, arg));
        }
        items
    }
    fn print(&self, words: Words, arg: &Arg) -> Words {
        let words = if arg.is_counted { words.number(self.len()) } else { words };
        // Redis requires at least one item in most lists.
        let words = if self.is_empty() && !arg.may_be_empty { words.not_for_redis() } else { words };
        self.iter().fold(words, |words, item| item.print_item(words))
    }
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        self.iter().for_each(|item| item.each_key(visit));
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        self.iter_mut().for_each(|item| item.inspect(by));
    }
    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }
}

/// The items of lists.
pub(crate) trait Item: Sized {
    const LIST: ArgKind;

    fn read_item(args: &mut Args, arg: &Arg) -> Self;
    fn print_item(&self, words: Words) -> Words;
    fn each_key<'a>(&'a self, _visit: &mut dyn FnMut(&'a Key)) {}
    fn inspect(&mut self, by: &mut dyn Inspect);

    /// Rejects an empty list where at least one item is required.
    fn refuse_none(args: &mut Args, arg: &Arg) {
        let of = if arg.name == "members" { "member" } else { "value" };
        args.refuse(Reason::Empty(arg.name, of));
    }
}

impl Item for Key {
    const LIST: ArgKind = ArgKind::Keys;

    fn read_item(args: &mut Args, _: &Arg) -> Key {
        args.key()
    }
    fn print_item(&self, words: Words) -> Words {
        words.word(self.as_bytes())
    }
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        visit(self);
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.key(self);
    }
    fn refuse_none(args: &mut Args, arg: &Arg) {
        args.refuse(Reason::Empty(arg.name, "key"));
    }
}

impl Item for Bytes {
    const LIST: ArgKind = ArgKind::Values;

    fn read_item(args: &mut Args, arg: &Arg) -> Bytes {
        args.bytes(arg.name)
    }
    fn print_item(&self, words: Words) -> Words {
        words.word(self)
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.bytes(self);
    }
}

/// A key and its value.
impl Item for (Key, Bytes) {
    const LIST: ArgKind = ArgKind::Entries;

    fn read_item(args: &mut Args, _: &Arg) -> (Key, Bytes) {
        (args.key(), args.bytes("value"))
    }
    fn print_item(&self, words: Words) -> Words {
        words.word(self.0.as_bytes()).word(&self.1)
    }
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        visit(&self.0);
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.key(&mut self.0);
        by.bytes(&self.1);
    }
    fn refuse_none(args: &mut Args, arg: &Arg) {
        Self::read_item(args, arg);
    }
}

/// A field and its value.
impl Item for (Bytes, Bytes) {
    const LIST: ArgKind = ArgKind::Fields;

    fn read_item(args: &mut Args, _: &Arg) -> (Bytes, Bytes) {
        (args.bytes("field"), args.bytes("value"))
    }
    fn print_item(&self, words: Words) -> Words {
        words.word(&self.0).word(&self.1)
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.bytes(&self.0);
        by.bytes(&self.1);
    }
    fn refuse_none(args: &mut Args, arg: &Arg) {
        Self::read_item(args, arg);
    }
}

/// A part of `records.mutate`, after its number of words.
impl Item for Command {
    const LIST: ArgKind = ArgKind::Commands;

    fn read_item(args: &mut Args, arg: &Arg) -> Command {
        let count = args.positive(arg.name);
        let words = args.counted(count, |args| args.next().unwrap_or_default());
        let command = match words.split_first() {
            Some((word, arguments)) if words.len() as u64 == count => Command::from_words(word, arguments),
            _ => Ok(Command::ChangesLatest {}),
        };
        match command {
            Ok(command) if command.is_mutation() => return command,
            Ok(_) => args.expects(arg.name, Form::Mutation),
            Err(error) => args.refuse_with(error),
        }
        Command::RecordsDelete { keys: Vec::new() }
    }
    fn print_item(&self, words: Words) -> Words {
        let argv = self.to_argv();
        argv.iter().fold(words.number(argv.len()), |words, word| words.word(word))
    }
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        Command::each_key(self, visit);
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        Command::inspect(self, by);
    }
}

/// A word that is present or not.
impl Argument for bool {
    const KIND: ArgKind = ArgKind::Flag;

    fn read(args: &mut Args, arg: &Arg) -> bool {
        args.next().is_some_and(|word| is(word, arg.words))
    }
    fn print(&self, words: Words, arg: &Arg) -> Words {
        if *self { words.word(arg.words) } else { words }
    }
}

impl OptionArgument for bool {
    type Reading = bool;

    fn take(reading: &mut bool, word: &[u8], _: &mut Args, arg: &Arg) -> bool {
        let is_known = is(word, arg.words);
        *reading |= is_known;
        is_known
    }
    fn finish(reading: bool) -> bool {
        reading
    }
}

/// Implements [`Argument`] for a type whose values are words.
macro_rules! choice {
    ($type:ty, $kind:ident, $words:literal: $($word:literal => $value:path),*) => {
        impl $type {
            pub(super) fn of_word(word: &[u8]) -> Option<$type> {
                $(if is(word, $word) {
                    return Some($value);
                })*
                None
            }

            pub(super) fn as_word(self) -> &'static str {
                match self { $($value => $word),* }
            }
        }

        impl Argument for $type {
            const KIND: ArgKind = ArgKind::$kind;
            const WORDS: &str = $words;

            fn read(args: &mut Args, arg: &Arg) -> $type {
                let chosen = args.next().and_then(<$type>::of_word);
                chosen.unwrap_or_else(|| {
                    args.expects(arg.name, Form::OneOf(one_of(&[$words])));
                    first([$($value),*])
                })
            }
            fn print(&self, words: Words, _: &Arg) -> Words {
                words.word(self.as_word())
            }
        }
    };
}

/// A placeholder for a value that could not be read.
fn first<T: Copy, const N: usize>(values: [T; N]) -> T {
    values[0]
}

choice!(Side, Choice, "LEFT|RIGHT": "LEFT" => Side::Left, "RIGHT" => Side::Right);
choice!(Position, Choice, "BEFORE|AFTER": "BEFORE" => Position::Before, "AFTER" => Position::After);
choice!(SortOrder, Choice, "ASC|DESC": "ASC" => SortOrder::Ascending, "DESC" => SortOrder::Descending);
choice!(Extreme, Choice, "MIN|MAX": "MIN" => Extreme::Min, "MAX" => Extreme::Max);
choice!(Aggregate, Aggregate, "SUM|MIN|MAX":
    "SUM" => Aggregate::Sum, "MIN" => Aggregate::Min, "MAX" => Aggregate::Max);
choice!(BitOperation, Choice, "AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE":
    "AND" => BitOperation::And, "OR" => BitOperation::Or, "XOR" => BitOperation::Xor, "NOT" => BitOperation::Not,
    "DIFF" => BitOperation::Diff, "DIFF1" => BitOperation::Diff1, "ANDOR" => BitOperation::AndOr,
    "ONE" => BitOperation::One);
choice!(BitOverflow, Choice, "WRAP|SAT|FAIL":
    "WRAP" => BitOverflow::Wrap, "SAT" => BitOverflow::Sat, "FAIL" => BitOverflow::Fail);
choice!(Ending, Choice, "COMPLETED|FAILED": "COMPLETED" => Ending::Completed, "FAILED" => Ending::Failed);

impl Argument for TaskStatus {
    const KIND: ArgKind = ArgKind::Text;

    fn read(args: &mut Args, arg: &Arg) -> TaskStatus {
        let status = TaskStatus::from_name(&args.text(arg.name));
        status.unwrap_or_else(|| {
            let names = "pending, running, completed, failed or cancelled";
            args.expects(arg.name, Form::OneOf(names.to_owned()));
            TaskStatus::Pending
        })
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self.name())
    }
}

impl Argument for ValueType {
    const KIND: ArgKind = ArgKind::ValueType;

    fn read(args: &mut Args, arg: &Arg) -> ValueType {
        let kind = ValueType::from_name(&args.text(arg.name));
        kind.unwrap_or_else(|| {
            args.expects(arg.name, Form::OneOf("string, list, hash, set or zset".to_owned()));
            ValueType::String
        })
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self.name())
    }
}

impl Argument for SetCondition {
    const KIND: ArgKind = ArgKind::Choice;

    fn read(args: &mut Args, arg: &Arg) -> SetCondition {
        read_word(args, arg).unwrap_or(SetCondition::Missing)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(match self {
            SetCondition::Missing => "NX",
            SetCondition::Present => "XX",
        })
    }
    fn print_option(&self, words: Words, arg: &Arg) -> Words {
        self.print(words, arg)
    }
    fn take_option(slot: &mut Option<SetCondition>, word: &[u8], args: &mut Args, _: &Arg) -> bool {
        let wanted = match word {
            _ if is(word, "NX") => SetCondition::Missing,
            _ if is(word, "XX") => SetCondition::Present,
            _ => return false,
        };
        if slot.is_some_and(|other| other != wanted) {
            args.refuse(Reason::Excludes("NX and XX"));
        }
        *slot = Some(wanted);
        true
    }
}

impl Argument for ExpireCondition {
    const KIND: ArgKind = ArgKind::Choice;

    fn read(args: &mut Args, arg: &Arg) -> ExpireCondition {
        read_word(args, arg).unwrap_or(ExpireCondition::None)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        match self {
            ExpireCondition::None => words.word("NX"),
            ExpireCondition::Some => words.word("XX"),
            ExpireCondition::Later => words.word("GT"),
            ExpireCondition::Earlier => words.word("LT"),
            ExpireCondition::EarlierThanSome => words.word("XX").word("LT"),
        }
    }
    fn print_option(&self, words: Words, arg: &Arg) -> Words {
        self.print(words, arg)
    }
    /// XX combines with GT, which implies it, and with LT; no others combine.
    fn take_option(slot: &mut Option<ExpireCondition>, word: &[u8], args: &mut Args, _: &Arg) -> bool {
        use ExpireCondition::{Earlier, EarlierThanSome, Later, None as Nx, Some as Xx};
        let wanted = match word {
            _ if is(word, "NX") => Nx,
            _ if is(word, "XX") => Xx,
            _ if is(word, "GT") => Later,
            _ if is(word, "LT") => Earlier,
            _ => return false,
        };
        *slot = Some(match (*slot, wanted) {
            (None, wanted) => wanted,
            (Some(same), wanted) if same == wanted => wanted,
            (Some(Xx), Later) | (Some(Later), Xx) => Later,
            (Some(Xx | EarlierThanSome), Earlier) | (Some(Earlier | EarlierThanSome), Xx) => EarlierThanSome,
            (Some(Nx), Xx) | (Some(Xx), Nx) => {
                args.refuse(Reason::Excludes("NX and XX"));
                wanted
            }
            (Some(Nx), _) | (_, Nx) => {
                args.refuse(Reason::Excludes("NX and XX, GT, LT"));
                wanted
            }
            _ => {
                args.refuse(Reason::Excludes("GT and LT"));
                wanted
            }
        });
        true
    }
}

/// The next word, if it is one of the choices.
fn read_word<T: Argument>(args: &mut Args, arg: &Arg) -> Option<T> {
    let mut chosen = None;
    let word = args.next().unwrap_or_default();
    if !T::take_option(&mut chosen, word, args, arg) {
        args.expects(arg.name, Form::OneOf(one_of(&[arg.words])));
    }
    chosen
}

/// When a value expires. The row says which words are allowed. Rows with `KEEPTTL` write a value, which by default
/// never expires; there `PERSIST` is our own word, which overrides a default TTL.
impl Argument for Expiry {
    const KIND: ArgKind = ArgKind::Expiry;

    fn read(args: &mut Args, arg: &Arg) -> Expiry {
        let mut reading = ExpiryReading::default();
        let word = args.next().unwrap_or_default();
        if !Self::take(&mut reading, word, args, arg) {
            args.expects(arg.name, Form::OneOf(one_of(&[arg.words])));
        }
        reading.expiry
    }
    fn print(&self, words: Words, arg: &Arg) -> Words {
        let keeps = arg.words.split('|').any(|word| word == "KEEPTTL");
        match self {
            Expiry::Unstated => words,
            Expiry::Never if keeps && words.speaker() == Speaker::Redis => words,
            Expiry::Never => words.word("PERSIST"),
            Expiry::After(milliseconds) => words.word("PX").number(milliseconds),
            Expiry::At(milliseconds) => words.word("PXAT").number(milliseconds),
            Expiry::Keep if keeps => words.word("KEEPTTL"),
            Expiry::Keep => words,
        }
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.expiry(*self);
    }
}

/// The state of an expiry while it is being read, and the word that set it.
#[derive(Default)]
pub(crate) struct ExpiryReading {
    word: &'static str,
    expiry: Expiry,
}

impl OptionArgument for Expiry {
    type Reading = ExpiryReading;

    fn take(reading: &mut ExpiryReading, word: &[u8], args: &mut Args, arg: &Arg) -> bool {
        let Some(known) = arg.words.split('|').find(|known| is(word, known)) else { return false };
        if !reading.word.is_empty() && reading.word != known {
            args.refuse(Reason::Excludes("EX, PX, EXAT, PXAT, KEEPTTL and PERSIST"));
        }
        reading.word = known;
        reading.expiry = match known {
            "KEEPTTL" => Expiry::Keep,
            "PERSIST" => Expiry::Never,
            "EXAT" | "PXAT" => Expiry::At(args.late(|args| args.time(known))),
            _ => Expiry::After(args.late(|args| args.time(known))),
        };
        true
    }
    fn finish(reading: ExpiryReading) -> Expiry {
        reading.expiry
    }
}
