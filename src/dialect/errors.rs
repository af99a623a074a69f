// Errors in Redis's words, in both directions, from one table. Backends are unknown here: the caller adds where an
// error came from.

use crate::command::{BitOperation, Command};
#[cfg(test)]
use crate::error::Clash;
use crate::error::{Error, Form, Kind, Reason};

/// Suffix of an error: the write may have happened, but no answer came.
const IN_DOUBT: &str = " (may have been applied)";

/// Prefix of the answer when a malformed command makes a transaction fail.
const DISCARDED: &str = "EXECABORT Transaction discarded because of: ";

/// Redis's error codes that determine the kind. If a kind has several codes, the first is printed.
const CODES: [(&str, Kind); 16] = [
    ("OOM", Kind::OutOfMemory),
    ("NOPERM", Kind::PermissionDenied),
    ("NOAUTH", Kind::PermissionDenied),
    ("WRONGPASS", Kind::PermissionDenied),
    ("EXECABORT", Kind::InvalidArgument),
    // Another server accepts the write, or this one does later.
    ("READONLY", Kind::Unavailable),
    ("MISCONF", Kind::Unavailable),
    ("NOREPLICAS", Kind::Unavailable),
    ("LOADING", Kind::Unavailable),
    ("BUSY", Kind::Unavailable),
    ("MASTERDOWN", Kind::Unavailable),
    ("CLUSTERDOWN", Kind::Unavailable),
    ("TRYAGAIN", Kind::Unavailable),
    ("MOVED", Kind::Unsupported),
    ("ASK", Kind::Unsupported),
    ("CROSSSLOT", Kind::Unsupported),
];

const WRONG_TYPE: &str = "Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "value is not an integer or out of range";
const MUST_BE_POSITIVE: &str = "value is out of range, must be positive";
const NO_FLOAT: &str = "value is not a valid float";
const WOULD_OVERFLOW: &str = "increment or decrement would overflow";
const SYNTAX: &str = "syntax error";
const NO_SUM: &str = "resulting score is not a number (NaN)";
const NO_SCORE_BOUND: &str = "min or max is not a float";
const NOT_HYPERLOGLOG: &str = "Key is not a valid HyperLogLog string value.";
const CORRUPT_HYPERLOGLOG: &str = "Corrupted HLL object detected";
const NO_LEX_BOUND: &str = "min or max not valid string range item";

use Kind::{
    InvalidArgument, InvalidValue, NotFound, RateLimited, TooLarge, Unavailable, Unsupported, WrongType,
};

/// Parts of server messages, and the kind of error they mean. The first match counts.
const SAID: [(&str, Kind); 51] = [
    (WRONG_TYPE, WrongType),
    (NOT_HYPERLOGLOG, WrongType),
    (CORRUPT_HYPERLOGLOG, InvalidValue),
    ("bit argument must be", InvalidArgument),
    ("must be called with", InvalidArgument),
    ("Invalid bitfield type", InvalidArgument),
    ("Invalid OVERFLOW type", InvalidArgument),
    ("only supports the GET", InvalidArgument),
    ("hash value is not", InvalidValue),
    ("would overflow", InvalidValue),
    (NOT_AN_INTEGER, InvalidValue),
    (NO_FLOAT, InvalidValue),
    ("would produce NaN or Infinity", InvalidValue),
    (NO_SUM, InvalidValue),
    (NO_SCORE_BOUND, InvalidArgument),
    (NO_LEX_BOUND, InvalidArgument),
    ("weight value is not a float", InvalidArgument),
    ("supports a single increment-element pair", InvalidArgument),
    ("at least 1 input key is needed", InvalidArgument),
    ("no such key", NotFound),
    ("could not decode requested zset member", NotFound),
    ("invalid longitude,latitude pair", InvalidArgument),
    ("unsupported unit provided", InvalidArgument),
    ("need numeric", InvalidArgument),
    ("cannot be negative", InvalidArgument),
    ("exactly one of", InvalidArgument),
    ("COUNT must be > 0", InvalidArgument),
    ("requires COUNT argument", InvalidArgument),
    ("exceeds maximum allowed size", TooLarge),
    ("max request size exceeded", TooLarge),
    ("max daily request limit exceeded", RateLimited),
    ("max requests limit exceeded", RateLimited),
    ("max number of clients reached", Unavailable),
    ("unknown command", Unsupported),
    ("unknown subcommand", Unsupported),
    ("ommand is not available", Unsupported),
    ("offset is out of range", InvalidArgument),
    ("index out of range", InvalidArgument),
    ("invalid cursor", InvalidArgument),
    ("source and destination objects are the same", InvalidArgument),
    ("can't be", InvalidArgument),
    ("should be greater", InvalidArgument),
    (MUST_BE_POSITIVE, InvalidArgument),
    ("are not compatible", InvalidArgument),
    ("Unsupported option", InvalidArgument),
    (SYNTAX, InvalidArgument),
    ("wrong number of arguments", InvalidArgument),
    ("invalid expire time", InvalidArgument),
    ("DB index is out of range", InvalidArgument),
    ("out of range", InvalidArgument),
    ("xecution of the command is not allowed", InvalidArgument),
];

/// Redis's words for a reason; `None` if it has none.
fn redis_says(op: &str, reason: &Reason) -> Option<String> {
    let arity = || format!("wrong number of arguments for '{op}' command");
    let text = match (op, reason) {
        (_, Reason::Other | Reason::Said(_)) => return None,
        (_, Reason::WrongType(_)) => return Some(["WRONGTYPE ", WRONG_TYPE].concat()),
        (_, Reason::NotHyperLogLog) => return Some(["WRONGTYPE ", NOT_HYPERLOGLOG].concat()),
        (_, Reason::CorruptHyperLogLog) => return Some(["INVALIDOBJ ", CORRUPT_HYPERLOGLOG].concat()),
        ("hincrby", Reason::NotAnInteger) => "hash value is not an integer",
        (_, Reason::NotAnInteger) => NOT_AN_INTEGER,
        ("hincrbyfloat", Reason::NotADecimal) => "hash value is not a float",
        (_, Reason::NotADecimal) => NO_FLOAT,
        (_, Reason::NotANumber) => NO_SUM,
        (_, Reason::NotNegatable) => "decrement would overflow",
        (_, Reason::Overflow) => WOULD_OVERFLOW,
        (_, Reason::NoSuchKey) => "no such key",
        (_, Reason::NoSuchIndex) => "index out of range",
        (_, Reason::NoSuchMember) => "could not decode requested zset member",
        (_, Reason::SameKey) => "source and destination objects are the same",
        (_, Reason::BadCursor) => "invalid cursor",
        (_, Reason::ValueTooLong(_)) => "string exceeds maximum allowed size (proto-max-bulk-len)",
        (_, Reason::UnknownCommand(said) | Reason::UnknownSubcommand(said)) => said,
        ("lmpop" | "zmpop", Reason::Missing(..) | Reason::TooMany(..)) => SYNTAX,
        ("zadd", Reason::Excludes("NX and XX")) => "XX and NX options at the same time are not compatible",
        ("zadd", Reason::Excludes(_)) => "GT, LT, and/or NX options at the same time are not compatible",
        (
            "zunion" | "zinter" | "zdiff" | "zunionstore" | "zinterstore" | "zdiffstore" | "zintercard",
            Reason::Missing(..) | Reason::TooMany(..),
        ) => SYNTAX,
        ("sintercard", Reason::Missing("key", _)) => "Number of keys can't be greater than number of args",
        ("zpopmin" | "zpopmax" | "zrandmember" | "geodist" | "bitcount" | "bitpos", Reason::TooMany(..)) => {
            SYNTAX
        }
        ("spop" | "srandmember" | "hrandfield" | "flushdb" | "flushall", Reason::TooMany(..)) => SYNTAX,
        (_, Reason::Missing(..) | Reason::TooMany(..) | Reason::WrongCount | Reason::Empty(..)) => &arity(),
        (_, Reason::OptionMissing(..)) => SYNTAX,
        ("expire" | "pexpire" | "expireat" | "pexpireat", Reason::UnknownOption { word, .. }) => {
            &["Unsupported option ", word].concat()
        }
        ("expire" | "pexpire" | "expireat" | "pexpireat", Reason::Excludes("GT and LT")) => {
            "GT and LT options at the same time are not compatible"
        }
        ("expire" | "pexpire" | "expireat" | "pexpireat", Reason::Excludes(_)) => {
            "NX and XX, GT or LT options at the same time are not compatible"
        }
        (_, Reason::UnknownOption { .. } | Reason::Excludes(_)) => SYNTAX,
        (_, Reason::TooLate) => &format!("invalid expire time in '{op}' command"),
        (_, Reason::Malformed(name, form)) => return malformed(op, name, form),
    };
    Some(["ERR ", text].concat())
}

/// Redis's words for an argument that does not have this form.
fn malformed(op: &str, name: &str, form: &Form) -> Option<String> {
    let text = match (op, name, form) {
        ("lpos", "rank", Form::LeastRank) => {
            "value is out of range, value must between -9223372036854775807 and 9223372036854775807"
        }
        ("lpos", "rank", Form::Rank) => {
            "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from \
             the end of the list"
        }
        ("lpos", "count", _) => "COUNT can't be negative",
        ("lpos", "maxlen", _) => "MAXLEN can't be negative",
        ("sintercard" | "zintercard", "limit", _) => "LIMIT can't be negative",
        ("lmpop" | "zmpop", "count", _) => "count should be greater than 0",
        ("sintercard" | "lmpop" | "zmpop", "numkeys", _) => "numkeys should be greater than 0",
        (_, "numkeys", Form::Natural | Form::Positive) => {
            return Some(format!("ERR at least 1 input key is needed for '{op}' command"));
        }
        (_, _, Form::Coordinates(bits)) => {
            let [longitude, latitude] = bits.map(f64::from_bits);
            // Redis ends the line itself.
            return Some(format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}"));
        }
        (_, _, Form::Unit) => "unsupported unit provided. please use M, KM, FT, MI",
        (_, "box", Form::Length) => "height or width cannot be negative",
        (_, _, Form::Length) => "radius cannot be negative",
        (_, _, Form::NumericRadius) => "need numeric radius",
        (_, _, Form::NumericWidth) => "need numeric width",
        (_, _, Form::NumericHeight) => "need numeric height",
        (_, _, Form::Origin) => {
            let op = op.to_ascii_uppercase();
            return Some(format!("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {op}"));
        }
        (_, _, Form::Area) => {
            let op = op.to_ascii_uppercase();
            return Some(format!("ERR exactly one of BYRADIUS and BYBOX can be specified for {op}"));
        }
        (_, _, Form::OnlyWithCount) => "the ANY argument requires COUNT argument",
        ("geosearchstore", _, Form::NotStored) => {
            "GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        }
        (_, _, Form::NotStored) => {
            "STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        }
        (
            "geosearch"
            | "geosearchstore"
            | "georadius"
            | "georadius_ro"
            | "georadiusbymember"
            | "georadiusbymember_ro",
            "count",
            Form::Natural | Form::Positive,
        ) => "COUNT must be > 0",
        ("zadd", "members", Form::One) => "INCR option supports a single increment-element pair",
        (_, "weight", Form::Score) => "weight value is not a float",
        (_, _, Form::Score) => NO_FLOAT,
        (_, _, Form::ScoreBound) => NO_SCORE_BOUND,
        (_, _, Form::LexBound) => NO_LEX_BOUND,
        (_, _, Form::OnlyByScoreOrLex) => {
            "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        }
        (_, _, Form::NotByLex) => "syntax error, WITHSCORES not supported in combination with BYLEX",
        ("lpop" | "rpop" | "spop" | "zpopmin" | "zpopmax", "count", _) => MUST_BE_POSITIVE,
        ("bitpos", "bit", Form::Natural | Form::OneOf(_)) => "The bit argument must be 1 or 0.",
        ("bitop", _, Form::OneKey) => "BITOP NOT must be called with a single source key.",
        ("bitop", _, Form::TwoKeys(operation)) => {
            return Some(format!("ERR BITOP {operation} must be called with at least two source keys."));
        }
        (_, _, Form::BitFieldType) => {
            "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
        }
        (_, "overflow", Form::OneOf(_)) => "Invalid OVERFLOW type specified",
        (_, _, Form::OnlyGet) => "BITFIELD_RO only supports the GET subcommand",
        ("getbit" | "setbit" | "bitfield" | "bitfield_ro", "offset", _) => {
            "bit offset is not an integer or out of range"
        }
        ("setbit", "bit", _) => "bit is not an integer or out of range",
        ("setrange", "offset", Form::Natural) => "offset is out of range",
        ("scan" | "hscan" | "sscan" | "zscan", "count", Form::Natural | Form::Positive) => SYNTAX,
        (_, "ttl", Form::Natural | Form::Positive | Form::Time) => {
            return Some(format!("ERR invalid expire time in '{op}' command"));
        }
        ("select" | "copy", "db", Form::Natural) => "DB index is out of range",
        (_, _, Form::Integer) => NOT_AN_INTEGER,
        (_, _, Form::Decimal) => NO_FLOAT,
        (_, _, Form::OneOf(_)) => SYNTAX,
        _ => return None,
    };
    Some(["ERR ", text].concat())
}

/// Converts a server's error text, in answer to this command.
pub(crate) fn read(command: &Command, text: &str) -> Error {
    // About a hash's value, Redis would say `hash value is not a float`, so this is about the amount.
    let amount = match command {
        Command::HIncrByFloat { .. } => text.contains(NO_FLOAT),
        // Only an argument can be none.
        _ => {
            matches!(command.row().family, "zsets" | "geo" | "bitmaps")
                && [NO_FLOAT, NOT_AN_INTEGER].iter().any(|no| text.contains(no))
        }
    };
    if let Command::BitOp { operation, .. } = command
        && matches!(
            operation,
            BitOperation::Diff | BitOperation::Diff1 | BitOperation::AndOr | BitOperation::One
        )
        && text.contains(SYNTAX)
    {
        let message =
            "(operation) needs Redis 8.2: the server has AND, OR, XOR and NOT, of which it can be made";
        return Error::new(Unsupported, message);
    }
    let error = of_server(text);
    if amount { Error::said(InvalidArgument, text) } else { error }
}

/// Converts a server's error text, whatever the command.
pub(crate) fn of_server(text: &str) -> Error {
    if let Some(cause) = text.strip_prefix(DISCARDED) {
        return of_server(cause);
    }
    let (told, in_doubt) = match text.strip_suffix(IN_DOUBT) {
        Some(told) => (told, true),
        None => (text, false),
    };
    let (code, words) = told.split_once(' ').unwrap_or((told, ""));
    let known = CODES.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind);
    if let (None, Some((kind, message))) = (known, own_words(words)) {
        let error = Error::new(kind, without_arguments(message));
        return if in_doubt { error.maybe_applied() } else { error };
    }
    let says = |(text, _): &&(&str, Kind)| words.contains(text);
    let kind = known.or_else(|| SAID.iter().find(says).map(|(_, kind)| *kind));
    let kind = kind.unwrap_or(Kind::Internal);
    let error = match code {
        "MOVED" | "ASK" => {
            Error::new(kind, "(server) is part of a cluster: connect to it with redis+cluster://")
        }
        "CROSSSLOT" => Error::new(
            kind,
            "(keys) are in different slots of the cluster: the keys of one command or transaction must share a {tag}",
        ),
        _ if words == NOT_HYPERLOGLOG => Error::because(Reason::NotHyperLogLog),
        _ if words == CORRUPT_HYPERLOGLOG => Error::because(Reason::CorruptHyperLogLog),
        _ => Error::said(kind, without_arguments(told)),
    };
    if in_doubt { error.maybe_applied() } else { error }
}

/// The kind and the message of an error in our own words.
fn own_words(words: &str) -> Option<(Kind, &str)> {
    let (name, message) = words.split_once(": ")?;
    Some((Kind::from_code(name)?, message))
}

/// Redis quotes words that it does not understand, and positions in scripts. These may be a user's values, so they are
/// cut off.
fn without_arguments(text: &str) -> &str {
    [", with args", " script: ", "Unsupported option "].into_iter().fold(text, |text, mark| {
        let end = text.find(mark).map(|at| at + if mark.starts_with('U') { mark.len() - 1 } else { 0 });
        text.get(..end.unwrap_or(text.len())).unwrap_or(text)
    })
}

/// The error in Redis's words, or in ours if Redis has none.
pub(crate) fn print(error: &Error) -> String {
    let op = error.op().replace('-', "");
    let mut text = match error.reason() {
        Reason::Said(text) => text.to_string(),
        reason => redis_says(&op, reason).unwrap_or_else(|| in_our_words(error)),
    };
    if error.is_maybe_applied() {
        text.push_str(IN_DOUBT);
    }
    text
}

/// Our message: `ERR unsupported: ...`, or after Redis's code for the kind.
fn in_our_words(error: &Error) -> String {
    match error.kind() {
        Kind::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.".to_owned(),
        Kind::PermissionDenied => ["NOPERM ", error.message()].concat(),
        kind => ["ERR ", kind.code(), ": ", error.message()].concat(),
    }
}

/// The answer of a transaction that fails because a command is malformed.
#[cfg(feature = "gateway")]
pub(crate) fn print_discarded(error: &Error) -> String {
    [DISCARDED, &print(error)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_errors_parse_to_the_same_kind() {
        for kind in Kind::all() {
            let error = Error::new(kind, "(x) is as it is").maybe_applied();
            let again = of_server(&print(&error));
            assert_eq!((again.kind(), again.is_maybe_applied()), (kind, true), "{}", print(&error));
        }
        let reasons = [
            ("get", Reason::WrongType(Clash::default())),
            ("incr", Reason::NotAnInteger),
            ("hincrby", Reason::NotAnInteger),
            ("hincrbyfloat", Reason::NotADecimal),
            ("decrby", Reason::NotNegatable),
            ("incr", Reason::Overflow),
            ("rename", Reason::NoSuchKey),
            ("lset", Reason::NoSuchIndex),
            ("copy", Reason::SameKey),
            ("scan", Reason::BadCursor),
            ("append", Reason::ValueTooLong(1 << 40)),
            ("", Reason::UnknownCommand("unknown command 'x', with args beginning with: ".into())),
            ("get", Reason::Missing("key", 0)),
            ("sintercard", Reason::Missing("key", 1)),
            ("lpos", Reason::OptionMissing("rank", 2)),
            ("get", Reason::TooMany(1, 2)),
            ("lpush", Reason::Empty("values", "value")),
            ("lpos", Reason::Malformed("rank", Form::Rank)),
            ("lpop", Reason::Malformed("count", Form::Natural)),
            ("setrange", Reason::Malformed("offset", Form::Natural)),
            ("set", Reason::Malformed("ttl", Form::Positive)),
            ("linsert", Reason::Malformed("position", Form::OneOf("BEFORE or AFTER".into()))),
            ("expire", Reason::UnknownOption { known: "NX".into(), word: "x".into() }),
            ("expire", Reason::Excludes("GT and LT")),
            ("set", Reason::Excludes("NX and XX")),
            ("expire", Reason::TooLate),
        ];
        for (op, reason) in reasons {
            let error = Error::because(reason).in_op(op);
            assert_eq!(of_server(&print(&error)).kind(), error.kind(), "{}", print(&error));
        }
        // Redis uses one message for a malformed argument and a malformed value; it is read as the latter.
        let error = Error::because(Reason::Malformed("by", Form::Integer)).in_op("incrby");
        assert_eq!((error.kind(), of_server(&print(&error)).kind()), (InvalidArgument, InvalidValue));
    }

    #[test]
    fn server_messages_are_passed_on() {
        for text in [
            "ERR value is not an integer or out of range",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "NOPERM this user has no permissions to run the 'set' command",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "ERR something new (may have been applied)",
        ] {
            assert_eq!(print(&of_server(text).in_op("incr")), text);
        }
    }

    #[test]
    fn user_values_are_not_quoted() {
        for text in [
            "ERR unknown command 'x', with args beginning with: 'secret' ",
            "ERR Unsupported option secret",
            "WRONGTYPE Operation script: secret, on @user_script:1.",
        ] {
            assert!(!of_server(text).message().contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_discarded_transaction_says_why() {
        let error = of_server("EXECABORT Transaction discarded because of: NOPERM no");
        assert_eq!(error.kind(), Kind::PermissionDenied);
        assert_eq!(of_server("EXECABORT Transaction discarded").kind(), InvalidArgument);
    }
}
