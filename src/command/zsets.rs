// The arguments that only commands on sorted sets have, and how they are read and printed. What they select is the
// engine's subject.

use super::args::{Args, is};
use super::argument::{Argument, Inspect, Item};
use super::row::{Arg, ArgKind};
use super::table::{SCORES, one_of};
use super::words::Words;
use super::{Bytes, Command};
use crate::error::{Form, Reason};
use crate::score;

/// The condition under which `zadd` writes a member's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScoreCondition {
    /// Only if the member is new (NX).
    New,
    /// Only if the member exists (XX).
    Known,
    /// If the member is new, or the new score is greater (GT).
    Greater,
    /// If the member is new, or the new score is less (LT).
    Less,
    /// Only if the member exists and the new score is greater (XX GT).
    KnownGreater,
    /// Only if the member exists and the new score is less (XX LT).
    KnownLess,
}

/// How `zrange` reads its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeBy {
    /// As scores (BYSCORE).
    Score,
    /// As members, in byte order (BYLEX).
    Lex,
}

/// A part of a range: how many members are skipped, and how many are taken at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many members to skip; a negative number leaves none.
    pub offset: i64,
    /// How many members to take; a negative number means all.
    pub count: i64,
}

/// How the scores of one member in several sets are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    #[default]
    Sum,
    /// The lowest.
    Min,
    /// The highest.
    Max,
}

/// An end of a sorted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extreme {
    /// The lowest score.
    Min,
    /// The highest score.
    Max,
}

/// A factor for the scores of each set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub Vec<f64>);

impl ScoreCondition {
    /// Whether a new member is added.
    pub(crate) fn adds(self) -> bool {
        matches!(self, Self::New | Self::Greater | Self::Less)
    }

    /// Whether a member with one score gets another.
    pub(crate) fn updates(self, old: f64, new: f64) -> bool {
        match self {
            Self::New => false,
            Self::Known => true,
            Self::Greater | Self::KnownGreater => new > old,
            Self::Less | Self::KnownLess => new < old,
        }
    }
}

/// Reads a score, and says what it is about if it is malformed.
fn read_score(args: &mut Args, name: &'static str) -> f64 {
    let Some(text) = args.next() else {
        args.refuse(Reason::OptionMissing(name, args.taken()));
        return 0.0;
    };
    score::parse(text).unwrap_or_else(|| {
        args.expects(name, Form::Score);
        0.0
    })
}

impl Argument for f64 {
    const KIND: ArgKind = ArgKind::Score;

    /// Redis reads an increment as the score of a `ZADD`, before which options may stand, and then misses the score.
    fn read(args: &mut Args, arg: &Arg) -> f64 {
        if ADD_OPTIONS.iter().any(|option| args.skip(option)) {
            args.refuse(Reason::OptionMissing(arg.name, args.taken()));
            return 0.0;
        }
        read_score(args, arg.name)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(score::print(*self))
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.score(*self);
    }
}

/// A score and its member.
impl Item for (f64, Bytes) {
    const LIST: ArgKind = ArgKind::Scores;

    fn read_item(args: &mut Args, _: &Arg) -> (f64, Bytes) {
        (read_score(args, "score"), args.bytes("member"))
    }
    fn print_item(&self, words: Words) -> Words {
        words.word(score::print(self.0)).word(&self.1)
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.score(self.0);
        by.bytes(&self.1);
    }
}

impl Argument for Weights {
    const KIND: ArgKind = ArgKind::Weights;

    /// As many as there were keys.
    fn read(args: &mut Args, arg: &Arg) -> Weights {
        let count = args.last_count();
        if (args.left() as u64) < count {
            args.refuse(Reason::OptionMissing(arg.name, args.taken()));
        }
        Weights(args.counted(count, |args| read_score(args, "weight")))
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        self.0.iter().fold(words, |words, weight| words.word(score::print(*weight)))
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        self.0.iter().for_each(|weight| by.score(*weight));
    }
}

impl Argument for Limit {
    const KIND: ArgKind = ArgKind::Limit;

    fn read(args: &mut Args, _: &Arg) -> Limit {
        if args.left() < 2 {
            args.refuse(Reason::OptionMissing("limit", args.taken()));
        }
        Limit { offset: args.integer("offset"), count: args.integer("count") }
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.number(self.offset).number(self.count)
    }
}

impl Argument for RangeBy {
    const KIND: ArgKind = ArgKind::Choice;

    fn read(args: &mut Args, arg: &Arg) -> RangeBy {
        let mut chosen = None;
        let word = args.next().unwrap_or_default();
        if !Self::take_option(&mut chosen, word, args, arg) {
            args.expects(arg.name, Form::OneOf(one_of(&[arg.words])));
        }
        chosen.unwrap_or(RangeBy::Score)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(match self {
            RangeBy::Score => "BYSCORE",
            RangeBy::Lex => "BYLEX",
        })
    }
    fn print_option(&self, words: Words, arg: &Arg) -> Words {
        self.print(words, arg)
    }
    fn take_option(slot: &mut Option<RangeBy>, word: &[u8], args: &mut Args, _: &Arg) -> bool {
        let wanted = match word {
            _ if is(word, "BYSCORE") => RangeBy::Score,
            _ if is(word, "BYLEX") => RangeBy::Lex,
            _ => return false,
        };
        if slot.replace(wanted).is_some() {
            args.refuse(Reason::Excludes("BYSCORE and BYLEX"));
        }
        true
    }
}

impl Argument for ScoreCondition {
    const KIND: ArgKind = ArgKind::Choice;

    fn read(args: &mut Args, arg: &Arg) -> ScoreCondition {
        args.expects(arg.name, Form::OneOf(one_of(&[arg.words])));
        ScoreCondition::New
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        match self {
            Self::New => words.word("NX"),
            Self::Known => words.word("XX"),
            Self::Greater => words.word("GT"),
            Self::Less => words.word("LT"),
            Self::KnownGreater => words.word("XX").word("GT"),
            Self::KnownLess => words.word("XX").word("LT"),
        }
    }
    fn print_option(&self, words: Words, arg: &Arg) -> Words {
        self.print(words, arg)
    }
}

/// The options of `ZADD`.
const ADD_OPTIONS: [&str; 6] = ["NX", "XX", "GT", "LT", "CH", "INCR"];

/// Reads the arguments of `ZADD`, whose options precede the scores. Redis counts the words before it looks at the options.
pub(super) fn read_zadd(args: &mut Args) -> Command {
    let key = args.key();
    let [mut nx, mut xx, mut gt, mut lt, mut changed, mut increment] = [false; 6];
    loop {
        let flags = [&mut nx, &mut xx, &mut gt, &mut lt, &mut changed, &mut increment];
        let Some((_, flag)) = ADD_OPTIONS.iter().zip(flags).find(|(word, _)| args.skip(word)) else { break };
        *flag = true;
    }
    let words = args.left();
    if words == 0 && !(nx || xx || gt || lt || changed || increment) {
        args.refuse(Reason::Empty("members", "member"));
    }
    if words == 0 || words % 2 == 1 {
        args.refuse(Reason::OptionMissing("member", args.taken() + words));
    } else if nx && xx {
        args.refuse(Reason::Excludes("NX and XX"));
    } else if gt && lt || nx && (gt || lt) {
        args.refuse(Reason::Excludes("GT, LT and NX"));
    } else if increment && words != 2 {
        args.expects("members", Form::One);
    }
    let condition = match () {
        () if nx => Some(ScoreCondition::New),
        () if xx && gt => Some(ScoreCondition::KnownGreater),
        () if xx && lt => Some(ScoreCondition::KnownLess),
        () if xx => Some(ScoreCondition::Known),
        () if gt => Some(ScoreCondition::Greater),
        () if lt => Some(ScoreCondition::Less),
        () => None,
    };
    Command::ZAdd { key, condition, changed, increment, members: Vec::read(args, &SCORES) }
}

/// A word, its name, and options of `ZRANGE`.
type OlderName = (&'static [u8], &'static str, &'static [&'static [u8]]);

/// The older names of `ZRANGE` with options.
const OLDER: [OlderName; 5] = [
    (b"ZREVRANGE", "zrevrange", &[b"REV"]),
    (b"ZRANGEBYSCORE", "zrangebyscore", &[b"BYSCORE"]),
    (b"ZREVRANGEBYSCORE", "zrevrangebyscore", &[b"BYSCORE", b"REV"]),
    (b"ZRANGEBYLEX", "zrangebylex", &[b"BYLEX"]),
    (b"ZREVRANGEBYLEX", "zrevrangebylex", &[b"BYLEX", b"REV"]),
];

/// The older name of `ZRANGE` that a word is, and the arguments of `ZRANGE` that mean the same.
pub(super) fn older_range<'a>(word: &[u8], arguments: &[&'a [u8]]) -> Option<(&'static str, Vec<&'a [u8]>)> {
    let (_, name, options) = OLDER.iter().find(|(older, ..)| *older == word)?;
    let (first, rest) = arguments.split_at(arguments.len().min(3));
    // Too few words stay too few.
    let options: &[&[u8]] = if first.len() == 3 { options } else { &[] };
    // They take no options of `ZRANGE` but these. An empty word is none.
    let mut rest = rest.to_vec();
    for word in &mut rest {
        if ["REV", "BYSCORE", "BYLEX"].iter().any(|other| is(word, other)) {
            *word = b"";
        }
    }
    Some((name, first.iter().chain(options).chain(&rest).copied().collect()))
}
