// What Redis clients send beyond our operations: other names for them, and questions about the server itself. Anything
// that only a store can answer does not belong here.

use super::{Value, describe};
use crate::command::{
    Args, Bytes, CURSOR_MARK, Command, Details, Effect, Expiry, Key, Op, Reply, Row, SetCondition, Shape,
    Side, ValueType, is, printable,
};
use crate::engine::is_decimal;
use crate::error::{Clash, Error, Form, Kind, Reason, Result};
use crate::integer;

/// What a client's words ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Run a command and format its reply this way.
    Run(Command, Wording),
    /// Answer this without using the store.
    Say(Value),
    /// The server's current time.
    Time,
    /// Information about the server.
    Info,
    /// A check at the head of a transaction: the value the key must still hold, or `None` if it must be missing.
    Check(Key, Option<Bytes>),
}

/// How a reply is formatted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wording {
    /// Like the command's own reply.
    Plain,
    /// 1 for success, 0 if a condition did not hold.
    YesNo,
    /// `OK`, whatever the reply's number.
    Done,
    /// How Redis would store the key's value; null for a missing key. The reply is the type.
    Encoding(Key),
    /// This value, or null for a missing key. The reply is the type.
    IfThere(Result<Value>),
    /// A key, and its values as a nested list.
    KeyAndTexts,
    /// A key, and members with their scores as nested pairs.
    KeyAndScored,
    /// A rank as a number, and a score.
    RankAndScore,
    /// For each member null, or a longitude and a latitude.
    Places,
    /// Members, each with its details as a nested list.
    Found(Details),
    /// Numbers, some of them possibly missing.
    Numbers,
    /// An empty page of keys, if the cursor is valid.
    EmptyPage,
    /// A page of keys, each followed by its type.
    WithTypes,
    /// The reply is the key's type, which Redis checks before it reports what is wrong with the arguments.
    KeyFirst(Box<KeyFirst>),
    /// Like the command's own reply, under the name that the client used.
    By(&'static str),
    /// The amount to add is infinite.
    Infinite,
}

/// Redis's answer to a malformed command that looks up its key first.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFirst {
    kind: ValueType,
    if_missing: Result<Value>,
    error: Error,
}

/// A command that is not one of our operations.
pub(crate) struct Word {
    pub name: &'static str,
    /// The number of words, as in Redis's `COMMAND`: negative for a minimum.
    pub arity: i64,
    pub effect: Option<Effect>,
    /// The position of its keys: see [`Row::key_places`].
    pub keys: [i64; 3],
    /// Redis's name for the family.
    pub group: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
}

/// An older name for a form of `ZRANGE`.
const fn older(name: &'static str, summary: &'static str) -> Word {
    Word { name, arity: -4, effect: Some(Effect::Read), keys: [1, 1, 1], group: "sorted-set", summary }
}

/// An old form of `GEOSEARCH`.
const fn older_search(name: &'static str, arity: i64, effect: Effect, summary: &'static str) -> Word {
    Word { name, arity, effect: Some(effect), keys: [1, 1, 1], group: "geo", summary }
}

/// The words that are not our operations.
pub(super) const WORDS: [Word; 28] = [
    older_search(
        "georadius",
        -6,
        Effect::Update,
        "Searches members within a radius of coordinates, like GEOSEARCH.",
    ),
    older_search("georadius_ro", -6, Effect::Read, "Searches like GEORADIUS, and stores nothing."),
    older_search(
        "georadiusbymember",
        -5,
        Effect::Update,
        "Searches members within a radius of one, like GEOSEARCH.",
    ),
    older_search(
        "georadiusbymember_ro",
        -5,
        Effect::Read,
        "Searches like GEORADIUSBYMEMBER, and stores nothing.",
    ),
    older(
        "zrevrange",
        "Returns the members of a range of ranks, from the highest score, like ZRANGE with REV.",
    ),
    older("zrangebyscore", "Returns the members of a range of scores, like ZRANGE with BYSCORE."),
    older(
        "zrevrangebyscore",
        "Returns the members of a range of scores, from the highest, like ZRANGE with BYSCORE and REV.",
    ),
    older("zrangebylex", "Returns the members of a range of members, like ZRANGE with BYLEX."),
    older(
        "zrevrangebylex",
        "Returns the members of a range of members, from the last, like ZRANGE with BYLEX and REV.",
    ),
    Word {
        name: "bitfield_ro",
        arity: -2,
        effect: Some(Effect::Read),
        keys: [1, 1, 1],
        group: "bitmap",
        summary: "Reads integers within a bitmap, like BITFIELD with GET alone.",
    },
    Word {
        name: "ping",
        arity: -1,
        effect: None,
        keys: [0; 3],
        group: "connection",
        summary: "Returns PONG, or the message.",
    },
    Word {
        name: "echo",
        arity: 2,
        effect: None,
        keys: [0; 3],
        group: "connection",
        summary: "Returns the message.",
    },
    Word {
        name: "select",
        arity: 2,
        effect: None,
        keys: [0; 3],
        group: "connection",
        summary: "Accepts database 0, the only one.",
    },
    Word {
        name: "dbsize",
        arity: 1,
        effect: Some(Effect::Read),
        keys: [0; 3],
        group: "server",
        summary: "Returns the number of keys.",
    },
    Word {
        name: "unlink",
        arity: -2,
        effect: Some(Effect::Update),
        keys: [1, -1, 1],
        group: "generic",
        summary: "Deletes keys and returns how many existed, like DEL.",
    },
    Word {
        name: "setex",
        arity: 4,
        effect: Some(Effect::Update),
        keys: [1, 1, 1],
        group: "string",
        summary: "Sets a key with a TTL in seconds, like SET with EX.",
    },
    Word {
        name: "psetex",
        arity: 4,
        effect: Some(Effect::Update),
        keys: [1, 1, 1],
        group: "string",
        summary: "Sets a key with a TTL in milliseconds, like SET with PX.",
    },
    Word {
        name: "setnx",
        arity: 3,
        effect: Some(Effect::Update),
        keys: [1, 1, 1],
        group: "string",
        summary: "Sets a key if it does not exist, like SET with NX.",
    },
    Word {
        name: "substr",
        arity: 4,
        effect: Some(Effect::Read),
        keys: [1, 1, 1],
        group: "string",
        summary: "Returns the bytes from one offset to another, like GETRANGE.",
    },
    Word {
        name: "hmset",
        arity: -4,
        effect: Some(Effect::Update),
        keys: [1, 1, 1],
        group: "hash",
        summary: "Sets fields of a hash, like HSET.",
    },
    Word {
        name: "rpoplpush",
        arity: 3,
        effect: Some(Effect::Update),
        keys: [1, 2, 1],
        group: "list",
        summary: "Moves the last element of a list to the head of another, like LMOVE.",
    },
    Word {
        name: "flushdb",
        arity: -1,
        effect: Some(Effect::Update),
        keys: [0; 3],
        group: "server",
        summary: "Deletes every key under the prefix.",
    },
    Word {
        name: "flushall",
        arity: -1,
        effect: Some(Effect::Update),
        keys: [0; 3],
        group: "server",
        summary: "Deletes every key under the prefix, like FLUSHDB.",
    },
    Word {
        name: "time",
        arity: 1,
        effect: None,
        keys: [0; 3],
        group: "server",
        summary: "Returns the time in seconds since 1970, and the microseconds.",
    },
    Word {
        name: "object",
        arity: -2,
        effect: None,
        keys: [0; 3],
        group: "generic",
        summary: "Returns how Redis would store a value.",
    },
    Word {
        name: "info",
        arity: -1,
        effect: None,
        keys: [0; 3],
        group: "server",
        summary: "Returns statistics about the store.",
    },
    Word {
        name: "command",
        arity: -1,
        effect: None,
        keys: [0; 3],
        group: "server",
        summary: "Describes the commands.",
    },
    Word {
        name: "check",
        arity: -2,
        effect: Some(Effect::Read),
        keys: [1, 1, 1],
        group: "transactions",
        summary: "Fails the transaction that it begins unless a key holds a value.",
    },
];

impl Ask {
    /// Parses a client's words: our operations, and Redis's other commands.
    ///
    /// # Errors
    ///
    /// Like [`Command::parse`], but an empty list of arguments is an error if Redis rejects it, and an unknown command
    /// is `unsupported`.
    pub fn parse(argv: &[impl AsRef<[u8]>]) -> Result<Ask> {
        let Some((name, arguments)) = argv.split_first() else {
            return Err(Error::invalid_argument("(command) expects at least its name"));
        };
        let name = name.as_ref();
        let mut arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
        if let Some(known) = WORDS.iter().find(|known| name.eq_ignore_ascii_case(known.name.as_bytes())) {
            check_arity(known.arity, argv.len()).map_err(|error| error.in_op(known.name))?;
            // Other names for forms of our own commands.
            if known.group == "sorted-set" || known.group == "bitmap" {
                return Command::from_words(name, &arguments).map(|command| {
                    let wording = Wording::of(&command);
                    Ask::Run(command, wording)
                });
            }
            if known.group == "geo" {
                return match Command::from_words(name, &arguments) {
                    Ok(command) => {
                        let wording = Wording::of(&command);
                        Ok(Ask::Run(command, wording))
                    }
                    Err(error) => key_first(known.name, &arguments, error),
                };
            }
            let mut args = Args::new(&arguments);
            let ask = read(known.name, &mut args);
            return args.end().map(|()| ask).map_err(|error| error.in_op(known.name));
        }
        let Some(op) = Op::of_word(name) else {
            return Command::from_words(name, &arguments).map(|command| Ask::Run(command, Wording::Plain));
        };
        let row = op.row();
        // Words that only our own clients send.
        let is_ours = matches!(arguments[..], [word, _] if row.name == "randomkey" && is(word, "PREFIX"));
        if !is_ours {
            check_arity(row.arity(), argv.len())
                .and_then(|()| check_most(row, argv.len()))
                .map_err(|error| error.in_op(row.name))?;
        }
        let mut wording = as_redis_takes(row.name, &mut arguments).map_err(|error| error.in_op(row.name))?;
        match Command::from_words(name, &arguments) {
            Ok(
                Command::HRandField { count: Some(count), with_values: true, .. }
                | Command::ZRandMember { count: Some(count), with_scores: true, .. },
            ) if count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 => {
                Err(Error::said(Kind::InvalidArgument, "ERR value is out of range"))
            }
            Ok(command) => {
                if is_infinite(&command) {
                    wording = Wording::Infinite;
                } else {
                    wording = match Wording::of(&command) {
                        Wording::Plain => wording,
                        of_reply => of_reply,
                    };
                }
                Ok(Ask::Run(command, wording))
            }
            Err(error) => key_first(row.name, &arguments, error),
        }
    }
}

/// Redis checks the number of words before it parses them.
pub(crate) fn check_arity(arity: i64, words: usize) -> Result<()> {
    let least = usize::try_from(arity.unsigned_abs()).unwrap_or(usize::MAX);
    let fits = if arity < 0 { words >= least } else { words == least };
    if fits { Ok(()) } else { Err(Error::because(Reason::WrongCount)) }
}

/// Commands for which Redis checks the maximum too.
fn check_most(row: &Row, words: usize) -> Result<()> {
    match row.most_words() {
        Some(most) if words > most => Err(Error::because(Reason::TooMany(most, words))),
        _ => Ok(()),
    }
}

/// Replaces arguments that Redis accepts and we do not by equivalent ones, and returns how to format the reply.
fn as_redis_takes(op: &str, arguments: &mut Vec<&[u8]>) -> Result<Wording> {
    match op {
        // There is only one database.
        "copy" => {
            let mut at = 2;
            while let Some(word) = arguments.get(at) {
                match arguments.get(at + 1) {
                    _ if is(word, "REPLACE") => at += 1,
                    Some(db) if is(word, "DB") => {
                        check_db(db)?;
                        arguments.drain(at..at + 2);
                    }
                    _ => break,
                }
            }
        }
        "lpos" => {
            // Redis stops at a rank of 0, whatever follows.
            for option in arguments.get(2..).unwrap_or_default().chunks(2) {
                match *option {
                    [word, b"0"] if is(word, "RANK") => {
                        return Err(Error::because(Reason::Malformed("rank", Form::Rank)));
                    }
                    [word, number]
                        if ["RANK", "COUNT", "MAXLEN"].iter().any(|known| is(word, known))
                            && integer::parse(number).is_some_and(|n| n >= 0 || is(word, "RANK")) => {}
                    _ => break,
                }
            }
        }
        "hrandfield" | "srandmember" | "zrandmember" => match arguments.get(1).copied().map(integer::parse) {
            Some(Some(i64::MIN)) => return Err(Error::said(Kind::InvalidArgument, NO_LEAST)),
            // `WITHVALUES` or `WITHSCORES` twice.
            Some(Some(_)) if arguments.len() > 3 => {
                return Err(Error::because(Reason::TooMany(3, arguments.len())));
            }
            _ => {}
        },
        "lmpop" | "zmpop" => {
            // It has COUNT once.
            let keys =
                arguments.first().copied().and_then(integer::parse).and_then(|n| usize::try_from(n).ok());
            let most = keys.unwrap_or(usize::MAX).saturating_add(4);
            let count = arguments.get(most.saturating_sub(1)).copied().and_then(integer::parse);
            if arguments.len() > most && count.is_some_and(|count| count > 0) {
                return Err(Error::because(Reason::TooMany(most, arguments.len())));
            }
        }
        "scan" | "hscan" | "sscan" | "zscan" => return scan_as_redis(op, arguments),
        "hincrbyfloat" => {
            let by = arguments.get(2).copied().unwrap_or_default();
            if is_infinity(by) {
                return Err(Error::said(Kind::InvalidArgument, "ERR value is NaN or Infinity"));
            }
            if !is_decimal(by) {
                return Err(Error::because(Reason::Malformed("by", Form::Decimal)));
            }
        }
        _ => {}
    }
    Ok(Wording::Plain)
}

/// Redis's message for the integer that has no negation.
const NO_LEAST: &str =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

fn scan_as_redis(op: &str, arguments: &mut Vec<&[u8]>) -> Result<Wording> {
    let at = usize::from(op != "scan");
    if let Some(cursor) = arguments.get_mut(at) {
        // As an unsigned number, -1 is the largest.
        if cursor.strip_prefix(b"-").is_some_and(|digits| integer::parse_digits(digits).is_some()) {
            *cursor = b"9223372036854775807";
        }
        match cursor.strip_prefix(b"+") {
            _ if cursor.is_empty() => *cursor = b"0",
            Some(digits) if !digits.is_empty() => *cursor = digits,
            _ => {}
        }
        let is_marked = op == "scan" && cursor.starts_with(CURSOR_MARK.as_bytes());
        if !is_marked && integer::parse_digits(cursor).is_none() {
            return Err(Error::because(Reason::BadCursor));
        }
    }
    let mut wording = Wording::Plain;
    if op == "scan" {
        let mut at = 1;
        while let Some(word) = arguments.get(at) {
            if is(word, "WITHTYPE") {
                arguments.remove(at);
                wording = if wording == Wording::EmptyPage { wording } else { Wording::WithTypes };
                continue;
            }
            let is_unknown_type =
                |kind: &&[u8]| is(word, "TYPE") && !ValueType::NAMES.iter().any(|known| is(kind, known));
            if arguments.get(at + 1).is_some_and(is_unknown_type) {
                arguments.drain(at..at + 2);
                wording = Wording::EmptyPage;
                continue;
            }
            // An option and its value.
            at += 2;
        }
    }
    Ok(wording)
}

pub(crate) fn check_db(db: &[u8]) -> Result<()> {
    match integer::parse(db).map(i32::try_from) {
        Some(Ok(0)) => Ok(()),
        Some(Ok(_)) => Err(Error::because(Reason::Malformed("db", Form::Natural))),
        Some(Err(_)) => {
            let text = "ERR value is out of range, value must between -2147483648 and 2147483647";
            Err(Error::said(Kind::InvalidArgument, text))
        }
        None => Err(Error::because(Reason::Malformed("db", Form::Integer))),
    }
}

fn is_infinite(command: &Command) -> bool {
    matches!(command, Command::IncrByFloat { by, .. } if is_infinity(by.as_bytes()))
}

fn is_infinity(by: &[u8]) -> bool {
    let unsigned = by.strip_prefix(b"-").or_else(|| by.strip_prefix(b"+")).unwrap_or(by);
    is(unsigned, "INF") || is(unsigned, "INFINITY")
}

/// Redis reports errors in these arguments only after it has looked up the key.
fn key_first(op: &str, arguments: &[&[u8]], error: Error) -> Result<Ask> {
    let is_malformed = matches!(error.reason(), Reason::Malformed(..));
    let is_option = !matches!(error.reason(), Reason::WrongCount | Reason::Missing(..));
    let empty_page = Value::Array(vec![Value::Bytes(b"0".to_vec()), Value::Array(Vec::new())]);
    let (kind, if_missing) = match op {
        "getex" if is_malformed => (ValueType::String, Ok(Value::Nil)),
        "lindex" if is_malformed => (ValueType::List, Ok(Value::Nil)),
        "lset" if is_malformed => (ValueType::List, Err(Error::because(Reason::NoSuchKey))),
        "hscan" if is_option => (ValueType::Hash, Ok(empty_page)),
        "sscan" if is_option => (ValueType::Set, Ok(empty_page)),
        "zscan" if is_option => (ValueType::SortedSet, Ok(empty_page)),
        "geosearch" | "georadius" | "georadius_ro" | "georadiusbymember" | "georadiusbymember_ro"
            if is_option =>
        {
            (ValueType::SortedSet, Err(error.clone()))
        }
        "geosearchstore" if is_option => (ValueType::SortedSet, Err(error.clone())),
        _ => return Err(error),
    };
    match arguments.get(usize::from(op == "geosearchstore")).and_then(|key| str::from_utf8(key).ok()) {
        Some(key) if !key.is_empty() => {
            let first = KeyFirst { kind, if_missing, error };
            Ok(Ask::Run(Command::Type { key: key.into() }, Wording::KeyFirst(Box::new(first))))
        }
        _ => Err(error),
    }
}

/// Other names for commands of the table, with the same arguments.
const SYNONYMS: [(&str, &str, Wording); 3] = [
    ("unlink", "DEL", Wording::Plain),
    ("substr", "GETRANGE", Wording::Plain),
    ("hmset", "HSET", Wording::Done),
];

fn read(word: &str, args: &mut Args) -> Ask {
    for (synonym, command, wording) in SYNONYMS {
        if let (true, Some(op)) = (synonym == word, Op::of_word(command.as_bytes())) {
            return Ask::Run(op.read(args), wording);
        }
    }
    let (command, wording) = match word {
        "ping" if args.is_empty() => return Ask::Say(Value::Status("PONG".to_owned())),
        "ping" | "echo" => return Ask::Say(Value::Bytes(args.bytes("message"))),
        "time" => return Ask::Time,
        "info" => {
            // The section does not matter: there is little to report.
            while args.next().is_some() {}
            return Ask::Info;
        }
        "check" => {
            let key = args.key();
            return Ask::Check(key, (!args.is_empty()).then(|| args.bytes("value")));
        }
        "command" => return Ask::Say(describe::answer(args, &[])),
        "object" => return read_object(args),
        "select" => {
            if let Err(error) = check_db(&args.bytes("db")) {
                args.refuse_with(error);
            }
            return Ask::Say(Value::Status("OK".to_owned()));
        }
        "dbsize" => (Command::Count { start: String::new(), end: None }, Wording::Plain),
        "setex" | "psetex" => {
            let key = args.key();
            let expiry = Expiry::After(args.time(if word == "setex" { "EX" } else { "PX" }));
            let by = if word == "setex" { "setex" } else { "psetex" };
            (set(key, args.bytes("value"), expiry, None), Wording::By(by))
        }
        "setnx" => {
            let (key, value) = (args.key(), args.bytes("value"));
            (set(key, value, Expiry::Unstated, Some(SetCondition::Missing)), Wording::YesNo)
        }
        "rpoplpush" => {
            let (key, to) = (args.key(), args.key());
            (Command::LMove { key, to, from_side: Side::Right, to_side: Side::Left }, Wording::Plain)
        }
        // How memory is freed is the store's decision.
        _ => {
            if !args.is_empty() && !args.skip("SYNC") && !args.skip("ASYNC") {
                let word = args.next().unwrap_or_default();
                args.refuse_option("SYNC or ASYNC".to_owned(), word);
            }
            (Command::Flush { prefix: String::new() }, Wording::Plain)
        }
    };
    Ask::Run(command, wording)
}

fn set(key: Key, value: Bytes, expiry: Expiry, condition: Option<SetCondition>) -> Command {
    Command::Set { key, value, expiry, condition, get: false }
}

/// Redis's message for `OBJECT FREQ` if it does not count accesses.
const NOT_COUNTED: &str = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                           switching between policies at runtime LRU and LFU data will take some time to adjust.";

fn read_object(args: &mut Args) -> Ask {
    let question = args.bytes("subcommand");
    let known = ["encoding", "refcount", "idletime", "freq"].into_iter();
    let Some(question) = known.into_iter().find(|known| question.eq_ignore_ascii_case(known.as_bytes()))
    else {
        let question = printable(&question, 128);
        args.refuse(Reason::UnknownSubcommand(format!("unknown subcommand '{question}'. Try OBJECT HELP.")));
        return Ask::Say(Value::Nil);
    };
    if args.left() != 1 {
        let text = format!("ERR wrong number of arguments for 'object|{question}' command");
        args.refuse_with(Error::said(Kind::InvalidArgument, &text));
    }
    let key = args.key();
    let wording = match question {
        "encoding" => Wording::Encoding(key.clone()),
        "refcount" => Wording::IfThere(Ok(Value::Int(1))),
        // Not every store tracks when a key was last used, and this call counts as a use.
        "idletime" => Wording::IfThere(Ok(Value::Int(0))),
        _ => Wording::IfThere(Err(Error::said(Kind::Unsupported, NOT_COUNTED))),
    };
    Ask::Run(Command::Type { key }, wording)
}

impl Wording {
    /// How replies of this command's shape are formatted.
    fn of(command: &Command) -> Wording {
        match command.reply() {
            Shape::KeyAndTexts => Wording::KeyAndTexts,
            Shape::KeyAndScored => Wording::KeyAndScored,
            Shape::RankAndScore => Wording::RankAndScore,
            Shape::NumbersOrNothing => Wording::Numbers,
            Shape::Places => Wording::Places,
            Shape::Found => Wording::Found(command.details()),
            _ => Wording::Plain,
        }
    }

    /// Formats the reply, if no further command is needed.
    pub fn phrase(self, reply: Result<Reply>) -> Result<Value> {
        let is_missing = reply == Ok(Reply::Bytes(b"none".to_vec()));
        match (self, reply) {
            (Wording::Infinite, Err(error)) if matches!(error.reason(), Reason::Malformed("by", _)) => {
                Err(Error::said(Kind::InvalidArgument, "ERR increment would produce NaN or Infinity"))
            }
            (Wording::By(name), Err(error)) if *error.reason() == Reason::TooLate => {
                Err(Error::because(Reason::TooLate).in_op(name))
            }
            (_, Err(error)) => Err(error),
            (Wording::YesNo, Ok(reply)) => Ok(Value::Int((reply != Reply::Nil).into())),
            (Wording::Done, _) => Ok(Value::Status("OK".to_owned())),
            (Wording::IfThere(_), _) if is_missing => Ok(Value::Nil),
            (Wording::IfThere(answer), _) => answer,
            (Wording::EmptyPage, _) => Ok(Value::from(Ok(Reply::Page("0".to_owned(), Vec::new())))),
            (Wording::KeyFirst(first), _) if is_missing => first.if_missing,
            (Wording::KeyFirst(first), Ok(Reply::Bytes(kind))) if kind != first.kind.name().as_bytes() => {
                Err(Error::because(Reason::WrongType(Clash::default())))
            }
            (Wording::KeyFirst(first), _) => Err(first.error),
            (Wording::KeyAndTexts, Ok(Reply::List(mut items))) if !items.is_empty() => {
                let elements = items.split_off(1);
                let key = items.pop().flatten().map_or(Value::Nil, Value::Bytes);
                Ok(Value::Array(vec![key, Value::from(Ok(Reply::List(elements)))]))
            }
            (Wording::KeyAndScored, Ok(Reply::List(mut items))) if !items.is_empty() => {
                let scored = items.split_off(1);
                let pairs = scored.chunks(2).map(|pair| Value::from(Ok(Reply::List(pair.to_vec()))));
                let key = items.pop().flatten().map_or(Value::Nil, Value::Bytes);
                Ok(Value::Array(vec![key, Value::Array(pairs.collect())]))
            }
            (Wording::RankAndScore, Ok(Reply::List(items))) => {
                let mut items = items.into_iter().flatten();
                let rank = items.next().and_then(|rank| integer::parse(&rank));
                let rank = rank.map_or(Value::Nil, Value::Int);
                Ok(Value::Array(std::iter::once(rank).chain(items.map(Value::Bytes)).collect()))
            }
            (Wording::Places, Ok(Reply::List(items))) => {
                let place = |place: &[Option<Bytes>]| match place {
                    [Some(_), ..] => Value::from(Ok(Reply::List(place.to_vec()))),
                    _ => Value::Nil,
                };
                Ok(Value::Array(items.chunks(2).map(place).collect()))
            }
            (Wording::Found(details), Ok(Reply::List(items))) => {
                Ok(Value::Array(items.chunks(details.width()).map(|found| nested(found, details)).collect()))
            }
            (Wording::Numbers, Ok(Reply::List(items))) => {
                let number = |item: Option<Bytes>| item.and_then(|item| integer::parse(&item));
                Ok(Value::Array(
                    items.into_iter().map(|item| number(item).map_or(Value::Nil, Value::Int)).collect(),
                ))
            }
            (_, Ok(reply)) => Ok(Value::from(Ok(reply))),
        }
    }
}

/// A member with its details: the hash is a number, and the coordinates are a list of their own.
fn nested(found: &[Option<Bytes>], details: Details) -> Value {
    let mut items: Vec<Value> =
        found.iter().map(|item| item.clone().map_or(Value::Nil, Value::Bytes)).collect();
    if details.coordinates {
        let place = items.split_off(items.len().saturating_sub(2));
        items.push(Value::Array(place));
    }
    let at = 1 + usize::from(details.distance);
    if details.hash
        && let Some(hash) = items.get_mut(at)
        && let Value::Bytes(digits) = &*hash
        && let Some(number) = integer::parse(digits)
    {
        *hash = Value::Int(number);
    }
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Result<Ask> {
        Ask::parse(&line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>())
    }

    #[test]
    fn synonyms_parse_as_our_commands() {
        for (alias, command) in [
            ("unlink a b", "del a b"),
            ("SETEX k 60 v", "set k v ex 60"),
            ("psetex k 60 v", "set k v px 60"),
            ("setnx k v", "set k v nx"),
            ("substr k 0 -1", "getrange k 0 -1"),
            ("hmset h f v", "hset h f v"),
            ("rpoplpush a b", "lmove a b right left"),
            ("dbsize", "count "),
            ("flushall async", "flush "),
        ] {
            let (Ok(Ask::Run(ours, _)), Ok(Ask::Run(plain, _))) = (ask(alias), ask(command)) else {
                panic!("{alias}");
            };
            assert_eq!(ours, plain, "{alias}");
        }
    }

    #[test]
    fn answers_are_formatted_as_in_redis() {
        assert_eq!(Wording::YesNo.phrase(Ok(Reply::Ok)), Ok(Value::Int(1)));
        assert_eq!(Wording::YesNo.phrase(Ok(Reply::Nil)), Ok(Value::Int(0)));
        assert_eq!(Wording::Done.phrase(Ok(Reply::Int(2))), Ok(Value::Status("OK".into())));
        let if_there = Wording::IfThere(Ok(Value::Int(1)));
        assert_eq!(if_there.phrase(Ok(Reply::Bytes(b"none".to_vec()))), Ok(Value::Nil));
    }

    #[test]
    fn malformed_requests_are_rejected() {
        for line in [
            "ping a b",
            "setex k 0 v",
            "setnx k",
            "flushdb now",
            "object soul k",
            "object freq k l",
            "del",
            "hdel h",
            "command soul",
            "xadd",
        ] {
            assert!(ask(line).is_err(), "{line}");
        }
        assert!(Ask::parse(&[] as &[Bytes]).is_err());
    }
}
