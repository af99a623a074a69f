// What Redis clients send beyond our operations: other names for them, and questions about the server itself. Anything
// that only a store can answer does not belong here.

use super::Value;
use crate::command::{Args, Bytes, Command, Expiry, Key, Op, Reply, SetCondition, Side, is, printable};
use crate::error::{Error, Kind, Reason, Result};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Like the command's own reply.
    Plain,
    /// 1 for success, 0 if a condition did not hold.
    YesNo,
    /// `OK`, whatever the reply's number.
    Done,
    /// A plausible encoding for the type in the reply; null for a missing key.
    Encoding,
}

/// The words that are not our operations.
const WORDS: [&str; 17] = [
    "ping",
    "echo",
    "dbsize",
    "unlink",
    "setex",
    "psetex",
    "setnx",
    "substr",
    "hmset",
    "rpoplpush",
    "flushdb",
    "flushall",
    "time",
    "object",
    "info",
    "check",
    "command",
];

/// Redis counts the arguments before it parses them. These are the argument counts of commands where our parser may
/// report another error first.
const COUNTS: [(&str, std::ops::RangeInclusive<usize>); 19] = [
    ("incrby", 2..=2),
    ("decrby", 2..=2),
    ("getrange", 3..=3),
    ("substr", 3..=3),
    ("setrange", 3..=3),
    ("setex", 3..=3),
    ("psetex", 3..=3),
    ("lindex", 2..=2),
    ("lrange", 3..=3),
    ("ltrim", 3..=3),
    ("lrem", 3..=3),
    ("lset", 3..=3),
    ("linsert", 4..=4),
    ("lmove", 4..=4),
    ("lpop", 1..=2),
    ("rpop", 1..=2),
    ("hincrby", 3..=3),
    ("hincrbyfloat", 3..=3),
    ("sintercard", 2..=usize::MAX),
];

impl Ask {
    /// Parses a client's words: our operations, and Redis's other commands.
    ///
    /// # Errors
    ///
    /// Like [`Command::parse`], but an empty list of arguments is an error if Redis rejects it, and an unknown command
    /// is `unsupported`.
    pub fn parse(argv: &[Bytes]) -> Result<Ask> {
        let Some((word, arguments)) = argv.split_first() else {
            return Err(Error::invalid_argument("(command) expects at least its name"));
        };
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let known = WORDS.into_iter().find(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        let (op, ask) = match known {
            Some(op) => {
                let mut args = Args::new(&arguments);
                let ask = read(op, &mut args);
                (op, args.end().map(|()| ask).map_err(|error| error.in_op(op)))
            }
            None => {
                let command = Command::from_words(word, &arguments);
                let op = command.as_ref().map_or_else(Error::op, Command::name);
                (op, command.map(|command| Ask::Run(command, Wording::Plain)))
            }
        };
        match ask {
            Err(error) => Err(as_redis_finds(error, arguments.len())),
            // We allow reading or removing an empty list; Redis does not.
            Ok(Ask::Run(command, _)) if command.empty_list().is_some() => {
                Err(Error::because(Reason::WrongCount).in_op(op))
            }
            Ok(ask) => Ok(ask),
        }
    }
}

/// Other names for commands of the table, with the same arguments.
const SYNONYMS: [(&str, &str, Wording); 3] = [
    ("unlink", "DEL", Wording::Plain),
    ("substr", "GETRANGE", Wording::Plain),
    ("hmset", "HSET", Wording::Done),
];

fn read(word: &str, args: &mut Args) -> Ask {
    let synonym = SYNONYMS.iter().find(|(synonym, ..)| *synonym == word);
    if let Some((op, wording)) =
        synonym.and_then(|(_, command, wording)| Some((Op::of_word(command.as_bytes())?, *wording)))
    {
        return Ask::Run(op.read(args), wording);
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
        "command" => {
            let message = "COMMAND is not available here: the documentation of omnikv lists the commands";
            args.refuse_with(Error::new(Kind::Unsupported, message));
            return Ask::Say(Value::Nil);
        }
        "object" => return read_object(args),
        "dbsize" => (Command::Count { start: String::new(), end: None }, Wording::Plain),
        "setex" | "psetex" => {
            let key = args.key();
            let expiry = Expiry::After(args.time(if word == "setex" { "EX" } else { "PX" }));
            (set(key, args.bytes("value"), expiry, None), Wording::Plain)
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
            if !args.is_empty() && !args.next().is_some_and(|how| is(how, "SYNC") || is(how, "ASYNC")) {
                args.refuse(Reason::UnknownOption("SYNC or ASYNC".to_owned()));
            }
            (Command::Flush { prefix: String::new() }, Wording::Plain)
        }
    };
    Ask::Run(command, wording)
}

fn set(key: Key, value: Bytes, expiry: Expiry, condition: Option<SetCondition>) -> Command {
    Command::Set { key, value, expiry, condition, get: false }
}

fn read_object(args: &mut Args) -> Ask {
    let question = args.bytes("subcommand");
    if is(&question, "ENCODING") {
        if args.is_empty() {
            let error = Error::because(Reason::Missing("key", 1));
            args.refuse_with(error.in_op("object|encoding"));
        }
        return Ask::Run(Command::Type { key: args.key() }, Wording::Encoding);
    }
    if !question.is_empty() {
        let question = printable(&question, 128);
        args.refuse(Reason::UnknownSubcommand(format!("unknown subcommand '{question}'. Try OBJECT HELP.")));
    }
    Ask::Say(Value::Nil)
}

impl Wording {
    /// Formats the reply.
    pub fn phrase(self, reply: Reply) -> Value {
        match (self, reply) {
            (Wording::Plain, reply) => Value::from(Ok(reply)),
            (Wording::YesNo, reply) => Value::Int((reply != Reply::Nil).into()),
            (Wording::Done, _) => Value::Status("OK".to_owned()),
            (Wording::Encoding, Reply::Bytes(kind)) => match kind.as_slice() {
                b"none" => Value::Nil,
                b"string" => Value::Bytes(b"raw".to_vec()),
                b"list" => Value::Bytes(b"quicklist".to_vec()),
                _ => Value::Bytes(b"hashtable".to_vec()),
            },
            (Wording::Encoding, reply) => Value::from(Ok(reply)),
        }
    }
}

/// If there are two errors, returns the one that Redis finds first.
fn as_redis_finds(error: Error, count: usize) -> Error {
    let op = error.op().replace('-', "");
    let counts = COUNTS.iter().find(|(word, _)| *word == op);
    if counts.is_some_and(|(_, counts)| !counts.contains(&count)) {
        return Error::because(Reason::WrongCount).in_op(error.op());
    }
    if matches!(op.as_str(), "spop" | "srandmember") && count > 2 {
        return Error::because(Reason::UnknownOption("none".to_owned())).in_op(error.op());
    }
    error
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
        assert_eq!(Wording::YesNo.phrase(Reply::Ok), Value::Int(1));
        assert_eq!(Wording::YesNo.phrase(Reply::Nil), Value::Int(0));
        assert_eq!(Wording::Done.phrase(Reply::Int(2)), Value::Status("OK".into()));
        assert_eq!(Wording::Encoding.phrase(Reply::Bytes(b"none".to_vec())), Value::Nil);
    }

    #[test]
    fn malformed_requests_are_rejected() {
        for line in [
            "ping a b",
            "setex k 0 v",
            "setnx k",
            "flushdb now",
            "object freq k",
            "del",
            "hdel h",
            "command",
            "zadd",
        ] {
            assert!(ask(line).is_err(), "{line}");
        }
        assert!(Ask::parse(&[]).is_err());
    }
}
