// Errors in Redis's words, both ways, from one table. It must not know backends: who failed is told elsewhere.

use crate::command::Command;
use crate::error::{Error, Kind};

/// Behind a text: the write may have happened although no answer came.
const IN_DOUBT: &str = " (may have been applied)";

/// Before what a server has said.
const SAYS: &str = "(server) says: ";

/// What a transaction answers that a malformed command has refused.
const DISCARDED: &str = "EXECABORT Transaction discarded because of: ";

/// Redis's codes that say it all. Of several for a kind, the first is said. What has no code in Redis has the kind's own
/// name: `CONFLICT`, `TIMEOUT`.
const CODES: [(&str, Kind); 14] = [
    ("OOM", Kind::OutOfMemory),
    ("NOPERM", Kind::PermissionDenied),
    ("NOAUTH", Kind::PermissionDenied),
    ("WRONGPASS", Kind::PermissionDenied),
    ("READONLY", Kind::PermissionDenied),
    ("EXECABORT", Kind::InvalidArgument),
    ("LOADING", Kind::Unavailable),
    ("BUSY", Kind::Unavailable),
    ("MASTERDOWN", Kind::Unavailable),
    ("CLUSTERDOWN", Kind::Unavailable),
    ("TRYAGAIN", Kind::Unavailable),
    ("MOVED", Kind::Unsupported),
    ("ASK", Kind::Unsupported),
    ("CROSSSLOT", Kind::Unsupported),
];

/// One error in our words and in Redis's.
struct Row {
    kind: Kind,
    /// The operations it is about, as Redis names them, with a space around each; none: all.
    ops: &'static str,
    /// A part of our message; nothing when only servers say this.
    ours: Option<&'static str>,
    /// What stands behind the code; `{op}` is the operation.
    redis: &'static str,
}

const fn row(kind: Kind, ops: &'static str, ours: &'static str, redis: &'static str) -> Row {
    Row { kind, ops, ours: Some(ours), redis }
}

const fn server(kind: Kind, redis: &'static str) -> Row {
    Row { kind, ops: "", ours: None, redis }
}

const NOT_AN_INTEGER: &str = "value is not an integer or out of range";
const MUST_BE_POSITIVE: &str = "value is out of range, must be positive";
const NO_FLOAT: &str = "value is not a valid float";
const WOULD_OVERFLOW: &str = "increment or decrement would overflow";
const SYNTAX: &str = "syntax error";
const ARITY: &str = "wrong number of arguments for '{op}' command";
const EXPIRE_TIME: &str = "invalid expire time in '{op}' command";

use Kind::{
    InvalidArgument, InvalidValue, NotFound, RateLimited, TooLarge, Unavailable, Unsupported, WrongType,
};

/// In both directions the first row that fits counts: where Redis has one text for two kinds, that of the first is read.
const ROWS: [Row; 60] = [
    row(WrongType, "", "", "Operation against a key holding the wrong kind of value"),
    // What a value is not.
    row(InvalidValue, " hincrby ", "not a 64-bit integer", "hash value is not an integer"),
    row(InvalidValue, " hincrbyfloat ", "not a decimal number", "hash value is not a float"),
    row(InvalidValue, " decrby ", "cannot be negated", "decrement would overflow"),
    row(InvalidValue, "", "not a 64-bit integer", NOT_AN_INTEGER),
    row(InvalidValue, "", "not a decimal number", NO_FLOAT),
    row(InvalidValue, "", "past 64 bits", WOULD_OVERFLOW),
    server(InvalidValue, "would produce NaN or Infinity"),
    row(NotFound, "", "(key) does not exist", "no such key"),
    row(TooLarge, "", "would make a value of", "string exceeds maximum allowed size (proto-max-bulk-len)"),
    server(TooLarge, "exceeds maximum allowed size"),
    row(TooLarge, "", "(request) expects at most", "max request size exceeded"),
    server(RateLimited, "max daily request limit exceeded"),
    server(RateLimited, "max requests limit exceeded"),
    server(Unavailable, "max number of clients reached"),
    row(Unsupported, "", "unknown command", "unknown command"),
    row(Unsupported, "", "unknown subcommand", "unknown subcommand"),
    server(Unsupported, "ommand is not available"),
    // What an argument is not. The words of one command's own before those of all.
    row(InvalidArgument, " setrange ", "not negative", "offset is out of range"),
    row(InvalidArgument, " lset ", "(index) is out of range", "index out of range"),
    row(InvalidArgument, "", "(cursor) expects", "invalid cursor"),
    row(InvalidArgument, "", "another key than the source", "source and destination objects are the same"),
    row(
        InvalidArgument,
        " lpos ",
        "(rank) expects 1",
        "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the \
         end of the list",
    ),
    row(InvalidArgument, " lpos ", "(count) expects", "COUNT can't be negative"),
    row(InvalidArgument, " lpos ", "(maxlen) expects", "MAXLEN can't be negative"),
    row(InvalidArgument, " sintercard ", "(limit) expects", "LIMIT can't be negative"),
    row(InvalidArgument, " sintercard ", "(numkeys) expects", "numkeys should be greater than 0"),
    row(
        InvalidArgument,
        " sintercard ",
        "(key) is missing",
        "Number of keys can't be greater than number of args",
    ),
    row(InvalidArgument, " lpop rpop ", "(count) expects", MUST_BE_POSITIVE),
    row(InvalidArgument, " spop ", "(count) expects", MUST_BE_POSITIVE),
    row(
        InvalidArgument,
        " expire pexpire expireat pexpireat ",
        "only one of NX and XX",
        "NX and XX, GT or LT options at the same time are not compatible",
    ),
    row(
        InvalidArgument,
        " expire pexpire expireat pexpireat ",
        "only one of GT and LT",
        "GT and LT options at the same time are not compatible",
    ),
    row(InvalidArgument, " expire pexpire expireat pexpireat ", "(options) expects", "Unsupported option"),
    // Options that lack their argument.
    row(InvalidArgument, " scan hscan sscan lpos ", "(count) is missing", SYNTAX),
    row(InvalidArgument, " scan hscan sscan ", "(pattern) is missing", SYNTAX),
    row(InvalidArgument, " scan ", "(kind) is missing", SYNTAX),
    row(InvalidArgument, " lpos ", "(rank) is missing", SYNTAX),
    row(InvalidArgument, " lpos ", "(maxlen) is missing", SYNTAX),
    row(InvalidArgument, " sintercard ", "(limit) is missing", SYNTAX),
    row(InvalidArgument, " set getex mset ", "(ttl) is missing", SYNTAX),
    row(InvalidArgument, " scan hscan sscan ", "(count) expects a positive", SYNTAX),
    row(InvalidArgument, " spop srandmember ", ", got ", SYNTAX),
    // Arguments in general.
    row(InvalidArgument, "", "is missing", ARITY),
    row(InvalidArgument, "", ", got ", ARITY),
    row(InvalidArgument, "", "expects at least one ", ARITY),
    row(InvalidArgument, "", "(options) expects", SYNTAX),
    row(InvalidArgument, " linsert ", "(position) expects", SYNTAX),
    row(InvalidArgument, " lmove ", "-side) expects", SYNTAX),
    row(InvalidArgument, "", "(ttl) expects a 64-bit integer", NOT_AN_INTEGER),
    row(InvalidArgument, "", "(ttl) expects", EXPIRE_TIME),
    row(InvalidArgument, "", "(expiry) is past", EXPIRE_TIME),
    row(InvalidArgument, "", "expects a 64-bit integer", NOT_AN_INTEGER),
    row(InvalidArgument, "", "expects a finite decimal number", NO_FLOAT),
    server(InvalidArgument, "DB index is out of range"),
    server(InvalidArgument, "out of range"),
    server(InvalidArgument, "can't be"),
    server(InvalidArgument, "should be greater"),
    server(InvalidArgument, "are not compatible"),
    server(InvalidArgument, "xecution of the command is not allowed"),
    server(InvalidValue, "would overflow"),
];

impl Row {
    fn is_about(&self, op: &str) -> bool {
        self.ops.is_empty() || self.ops.split(' ').any(|about| !op.is_empty() && about == op)
    }
}

/// The error that a server's text means as an answer to this command.
pub(crate) fn read(command: &Command, text: &str) -> Error {
    // Of a hash's value it would say `hash value is not a float`: this is the amount.
    let amount = matches!(command, Command::HIncrByFloat { .. }) && text.contains(NO_FLOAT);
    let error = of_server(text);
    if amount { Error::new(InvalidArgument, error.message()) } else { error }
}

/// The error that a server's text means whatever was asked.
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
    let own = || Kind::all().find(|kind| own_code(*kind) == code);
    let says = |row: &&Row| words.contains(row.redis.split('{').next().unwrap_or_default());
    let kind = known.or_else(own).or_else(|| ROWS.iter().find(says).map(|row| row.kind));
    let says = [SAYS, without_arguments(told)].concat();
    let message = match code {
        "MOVED" | "ASK" => "(server) is part of a cluster: connect to it natively, with redis+cluster://",
        "CROSSSLOT" => {
            "(keys) lie in different slots of the cluster: those of one command, or of one transaction, must share a {tag}"
        }
        _ => &says,
    };
    let error = Error::new(kind.unwrap_or(Kind::Internal), message);
    if in_doubt { error.maybe_applied() } else { error }
}

/// Redis quotes what it does not understand, and says where in a script it was: that may be a user's value.
fn without_arguments(text: &str) -> &str {
    [", with args", " script: ", "Unsupported option "].into_iter().fold(text, |text, mark| {
        let end = text.find(mark).map(|at| at + if mark.starts_with('U') { mark.len() - 1 } else { 0 });
        text.get(..end.unwrap_or(text.len())).unwrap_or(text)
    })
}

/// The kind's name as a code: `wrong-type` is `WRONGTYPE`.
fn own_code(kind: Kind) -> String {
    kind.code().replace('-', "").to_ascii_uppercase()
}

/// What a Redis server would say, and of what Redis has no words for, ours.
pub(crate) fn print(error: &Error) -> String {
    let op = error.op().replace('-', "");
    let code = CODES.iter().find(|(_, kind)| *kind == error.kind());
    let fits = |row: &&Row| {
        row.kind == error.kind()
            && row.is_about(&op)
            && row.ours.is_some_and(|ours| error.message().contains(ours))
    };
    let said = error.message().strip_prefix(SAYS);
    let mut text = match (error.kind(), code, ROWS.iter().find(fits)) {
        // A server has said it, in these very words.
        _ if let Some(said) = said => said.to_owned(),
        (Kind::OutOfMemory, ..) => "OOM command not allowed when used memory > 'maxmemory'.".to_owned(),
        (WrongType, _, Some(row)) => ["WRONGTYPE ", row.redis].concat(),
        // The words name what was not known.
        (Unsupported, _, Some(_)) => ["ERR ", error.message()].concat(),
        (_, _, Some(row)) => ["ERR ", &row.redis.replace("{op}", &op)].concat(),
        (Kind::PermissionDenied, Some((code, _)), _) => [code, " ", error.message()].concat(),
        (kind, ..) => [&own_code(kind), " ", error.message()].concat(),
    };
    if error.is_maybe_applied() {
        text.push_str(IN_DOUBT);
    }
    text
}

/// What a transaction answers that this error, of a malformed command, has refused.
#[cfg(feature = "gateway")]
pub(crate) fn print_discarded(error: &Error) -> String {
    [DISCARDED, &print(error)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_as_the_same_kind() {
        for kind in Kind::all() {
            let error = Error::new(kind, "(x) is as it is").maybe_applied();
            let again = of_server(&print(&error));
            assert_eq!((again.kind(), again.is_maybe_applied()), (kind, true), "{}", print(&error));
        }
        for (at, row) in ROWS.iter().enumerate() {
            let Some(ours) = row.ours else { continue };
            let text = print(&Error::new(row.kind, ours).in_op(row.ops.split(' ').nth(1).unwrap_or("get")));
            let shared = |other: &Row| row.redis.contains(other.redis.split('{').next().unwrap());
            let first = ROWS.iter().position(shared).unwrap();
            assert_eq!(of_server(&text).kind(), ROWS[first].kind, "{text}");
            assert!(first <= at);
        }
    }

    #[test]
    fn a_kind_differs_only_where_redis_has_one_text_for_two() {
        let ambiguous = [NOT_AN_INTEGER, NO_FLOAT];
        for row in ROWS.iter().filter(|row| !ambiguous.contains(&row.redis)) {
            assert_eq!(of_server(&["ERR ", row.redis].concat()).kind(), row.kind, "{}", row.redis);
        }
    }

    #[test]
    fn what_a_server_says_is_passed_on() {
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
    fn a_users_value_is_not_repeated() {
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
