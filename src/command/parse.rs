// argv -> Command. Accepts exactly what Redis accepts, plus our own commands.

use super::Effect;
use super::args::Args;
use super::geo::older_search;
use super::irregular::read_msetex;
use super::row::Row;
use super::table::{Command, Op};
use super::zsets::older_range;
use crate::error::{Error, Form, Reason, Result};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::LazyLock;

impl Command {
    /// Parses a command from its words: the operation, then its arguments as Redis takes them.
    ///
    /// The operation is its WIT name; case and hyphens do not matter, so `COMPAREANDSET` and `compare-and-set` are the
    /// same. Options can be in any order. Commands that Redis does not have are written `RANGE start [END e] [LIMIT n]
    /// [REVERSE]`, `COUNT start [END e]`, `DELETERANGE start [END e]`, `COMPAREANDSET key value [EXPECT old] [expiry]`,
    /// `COMPAREANDDELETE key expected`, `FLUSH prefix`, `RANDOMKEY [PREFIX p]`, `SET key value PERSIST`, and `MSETEX n
    /// key value ... [NX] [expiry]`. Commands that read or remove a list of keys, fields or members accept an empty
    /// list.
    ///
    /// # Errors
    /// `unsupported` for an unknown operation; `invalid-argument` for a wrong number of arguments, a malformed number
    /// or option, or a key that is not UTF-8.
    ///
    /// ```
    /// use omnikv::command::Command;
    ///
    /// let command = Command::parse(&["set", "greeting", "hello", "ex", "60"])?;
    /// assert_eq!(command.to_argv(), [&b"SET"[..], b"greeting", b"hello", b"PX", b"60000"]);
    /// # Ok::<(), omnikv::error::Error>(())
    /// ```
    pub fn parse(argv: &[impl AsRef<[u8]>]) -> Result<Command> {
        let Some((word, arguments)) = argv.split_first() else {
            return Err(Error::invalid_argument("a command expects at least its name"));
        };
        let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
        Command::from_words(word.as_ref(), &arguments)
    }

    /// As [`parse`](Command::parse), of words that are borrowed already.
    pub fn from_words(word: &[u8], arguments: &[&[u8]]) -> Result<Command> {
        let mut args = Args::new(arguments);
        let (name, command) = match Op::of_word(word) {
            Some(op) => (op.row().name, op.read(&mut args)),
            None if is_msetex(word) => ("mset", read_msetex(&mut args)),
            None if plain(word) == b"BITFIELD_RO" => return read_only_bitfield(arguments),
            None => {
                if let Some(search) = older_search(word, arguments) {
                    return search;
                }
                let Some((name, words)) = older_range(&plain(word), arguments) else {
                    return Err(Error::because(Reason::UnknownCommand(unknown(word, arguments))));
                };
                return Command::from_words(b"ZRANGE", &words).map_err(|error| error.renamed(name));
            }
        };
        args.end().map(|()| command).map_err(|error| error.in_op(name))
    }
}

impl Op {
    /// The command's row in the table.
    pub(crate) fn row(self) -> &'static Row {
        &Command::TABLE[self as usize]
    }

    /// The command with this word, ignoring case and hyphens.
    pub(crate) fn of_word(word: &[u8]) -> Option<Op> {
        // Our own callers send capitals.
        WORDS.get(word).or_else(|| WORDS.get(plain(word).as_slice())).copied()
    }
}

static WORDS: LazyLock<HashMap<Vec<u8>, Op, FixedState>> =
    LazyLock::new(|| Op::ALL.iter().map(|op| (op.row().word().into_bytes(), *op)).collect());

fn is_msetex(word: &[u8]) -> bool {
    plain(word) == b"MSETEX"
}

/// `BITFIELD_RO`: a `BITFIELD` that only reads.
fn read_only_bitfield(arguments: &[&[u8]]) -> Result<Command> {
    const NAME: &str = "bitfield_ro";
    let command = Command::from_words(b"BITFIELD", arguments).map_err(|error| error.renamed(NAME))?;
    if command.effect() == Effect::Read {
        return Ok(command);
    }
    Err(Error::because(Reason::Malformed("operations", Form::OnlyGet)).in_op(NAME))
}

/// Redis's message for an unknown command.
fn unknown(word: &[u8], arguments: &[&[u8]]) -> String {
    const MOST: usize = 128;
    let mut shown = String::new();
    for argument in arguments {
        if shown.len() >= MOST {
            break;
        }
        shown += &["'", &printable(argument, MOST.saturating_sub(shown.len())), "' "].concat();
    }
    ["unknown command '", &printable(word, MOST), "', with args beginning with: ", &shown].concat()
}

/// The first characters of a client's word, with unprintable ones replaced.
pub(crate) fn printable(word: &[u8], most: usize) -> String {
    word.iter()
        .take(most)
        .map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            // As in Redis.
            b'\r' | b'\n' => ' ',
            _ => '?',
        })
        .collect()
}

/// A word in capitals, without hyphens.
fn plain(word: &[u8]) -> Vec<u8> {
    word.iter().filter(|byte| **byte != b'-').map(u8::to_ascii_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        Command::parse(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn case_hyphens_and_the_order_of_options_do_not_matter() {
        assert_eq!(parse("hincrby h f 1"), parse("HINCRBY h f 1"));
        assert_eq!(parse("set k v ex 60 nx get"), parse("SET k v GET NX EX 60"));
        assert_eq!(parse("lpos k v maxlen 1 rank -1 count 0"), parse("LPOS k v COUNT 0 RANK -1 MAXLEN 1"));
        assert!(parse("set k v persist").is_ok_and(|c| c != parse("set k v").unwrap()));
    }

    #[test]
    fn every_operation_parses_by_its_name() {
        for name in Command::NAMES {
            let command = Command::parse(&[name]);
            assert_eq!(command.map_or_else(|error| error.op(), |command| command.name()), *name);
        }
        assert!(parse("xxcompareanddelete k v").is_err());
    }

    #[test]
    fn errors_name_the_operation_and_the_argument() {
        for (line, message) in [
            ("gett k", "no such command"),
            ("an-operation-with-a-very-long-name", "no such command"),
            ("get", "get is missing argument (key)"),
            ("set k", "set is missing argument (value)"),
            ("get k extra", "get expects 1 argument, got 2"),
            ("hincrby h f 1.5", "hincrby (by) expects a 64-bit integer"),
            ("set k v ex 0", "set (ttl) expects a positive integer"),
            ("set k v px -5", "set (ttl) expects an integer that is not negative"),
            ("set k v ex 9223372036854776", "set (ttl) expects a time that fits 64 bits in milliseconds"),
            (
                "set k v ex 1 keepttl",
                "set (options) expects only one of EX, PX, EXAT, PXAT, KEEPTTL and PERSIST",
            ),
            ("set k v nx xx", "set (options) expects only one of NX and XX"),
            ("set k v soon", "set (options) expects NX, XX, GET, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"),
            ("getex k keepttl", "getex (options) expects EX, PX, EXAT, PXAT or PERSIST"),
            ("msetex 1 k v xx", "mset (options) expects NX, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"),
            ("expire k 1 gt lt", "expire (options) expects only one of GT and LT"),
            ("expire k 1 gt nx", "expire (options) expects only one of NX and XX, GT, LT"),
            ("expire k 1 xx nx", "expire (options) expects only one of NX and XX"),
            ("lpush k", "lpush (values) expects at least one value"),
            ("mset a 1 b", "mset is missing argument (value)"),
            ("hset h", "hset is missing argument (field)"),
            ("sinter", "sinter (keys) expects at least one key"),
            ("sintercard 3 a b", "sintercard is missing argument (key)"),
            ("sintercard 0 a", "sintercard (numkeys) expects a positive integer"),
            ("linsert k between a b", "linsert (position) expects BEFORE or AFTER"),
            ("lpop k -1", "lpop (count) expects an integer that is not negative"),
            ("scan 0 type soup", "scan (kind) expects string, list, hash, set or zset"),
            ("scan 0 count 0", "scan (count) expects a positive integer"),
            ("range a before b", "range (options) expects END, AFTER, LIMIT, REVERSE or NOVALUES"),
        ] {
            assert_eq!(parse(line).map_err(|error| error.to_string()), Err(message.to_owned()), "{line}");
        }
        assert!(Command::parse(&[] as &[&[u8]]).is_err());
        let error = Command::parse(&[&b"get"[..], b"\xff"]).unwrap_err();
        assert_eq!(error.to_string(), "get (key) expects valid UTF-8");
    }

    #[test]
    fn reading_or_removing_an_empty_list_is_allowed() {
        for line in ["del", "exists", "touch", "mget", "hmget h", "hdel h", "srem s", "smismember s"] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_huge_key_count_allocates_nothing() {
        assert!(parse("sintercard 9223372036854775807 a").is_err());
        assert!(parse("msetex 9223372036854775807 a 1").is_err());
    }

    #[test]
    fn later_than_any_deadline_implies_a_deadline() {
        assert_eq!(parse("expire k 1 xx gt"), parse("expire k 1 gt"));
        assert_eq!(parse("expire k 1 lt xx lt"), parse("expire k 1 xx lt"));
    }
}
