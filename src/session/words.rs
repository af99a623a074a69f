// The commands that concern the connection or the server, not the store: their names, their arity, what `COMMAND` tells.

use crate::command::printable;
use crate::dialect::aliases::{Word, check_arity};

/// A command that a session answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    Acl,
    Auth,
    Client,
    Cluster,
    Command,
    Config,
    Discard,
    Exec,
    Function,
    Hello,
    Info,
    LastSave,
    Latency,
    Memory,
    Module,
    Multi,
    Quit,
    Reset,
    Role,
    SlowLog,
    Unwatch,
    Wait,
    Watch,
}

const fn word(name: &'static str, arity: i64, group: &'static str, summary: &'static str) -> Word {
    Word { name, arity, effect: None, keys: [0; 3], group, summary }
}

/// Those that are not among the dialect's words, which the gateway knows too.
pub(super) static WORDS: [Word; 21] = [
    word("acl", -2, "server", "Returns the name of the user."),
    word("auth", -2, "connection", "Says the password."),
    word("client", -2, "connection", "Names, lists and ends connections."),
    word("cluster", -2, "cluster", "Is refused: this server is no cluster."),
    word("config", -2, "server", "Reads and sets parameters that clients know."),
    word("discard", 1, "transactions", "Gives the transaction up."),
    word("exec", 1, "transactions", "Runs the commands of the transaction, if no watched key has changed."),
    word("function", -2, "scripting", "Accepts FLUSH: there are no functions."),
    word("hello", -1, "connection", "Chooses the version of the protocol, and describes the server."),
    word("lastsave", 1, "server", "Returns when the server started."),
    word("latency", -2, "server", "Reports nothing: no latency is tracked."),
    word("memory", -2, "server", "Estimates the memory of a key."),
    word("module", -2, "server", "Lists the modules: none."),
    word("multi", 1, "transactions", "Begins a transaction: the commands until EXEC are queued."),
    word("quit", -1, "connection", "Ends the connection."),
    word("reset", 1, "connection", "Makes the connection as it was at first."),
    word("role", 1, "server", "Returns that the server is a master without replicas."),
    word("slowlog", -2, "server", "Reports nothing: no commands are logged."),
    word("unwatch", 1, "transactions", "Forgets the watched keys."),
    word("wait", 3, "generic", "Returns 0: there are no replicas."),
    Word {
        name: "watch",
        arity: -2,
        effect: None,
        keys: [1, -1, 1],
        group: "transactions",
        summary: "Runs the next transaction only if these keys do not change.",
    },
];

/// The parts of commands that have them, with the smallest number of words.
const PARTS: [(Own, &str, i64); 33] = [
    (Own::Acl, "users", 2),
    (Own::Acl, "whoami", 2),
    (Own::Client, "getname", 2),
    (Own::Client, "getredir", 2),
    (Own::Client, "id", 2),
    (Own::Client, "info", 2),
    (Own::Client, "kill", -3),
    (Own::Client, "list", -2),
    (Own::Client, "no-evict", 3),
    (Own::Client, "no-touch", 3),
    (Own::Client, "reply", 3),
    (Own::Client, "setinfo", 4),
    (Own::Client, "setname", 3),
    (Own::Client, "tracking", -3),
    (Own::Client, "unblock", -3),
    (Own::Config, "get", -3),
    (Own::Config, "resetstat", 2),
    (Own::Config, "rewrite", 2),
    (Own::Config, "set", -4),
    (Own::Function, "flush", -2),
    (Own::Function, "list", -2),
    (Own::Latency, "doctor", 2),
    (Own::Latency, "history", 3),
    (Own::Latency, "latest", 2),
    (Own::Latency, "reset", -2),
    (Own::Memory, "doctor", 2),
    (Own::Memory, "purge", 2),
    (Own::Memory, "stats", 2),
    (Own::Memory, "usage", -3),
    (Own::Module, "list", 2),
    (Own::SlowLog, "get", -2),
    (Own::SlowLog, "len", 2),
    (Own::SlowLog, "reset", 2),
];

/// What Redis says of a command with an unknown part, or with too many or too few words for it.
pub(super) fn refused_part(own: Own, name: &str, words: &[&[u8]]) -> Option<String> {
    if !PARTS.iter().any(|(known, ..)| *known == own) {
        return None;
    }
    let part = words.get(1)?;
    let of_it = |(known, known_part, _): &&(Own, &str, i64)| {
        *known == own && part.eq_ignore_ascii_case(known_part.as_bytes())
    };
    let Some((_, part, arity)) = PARTS.iter().find(of_it) else {
        let (part, name) = (printable(part, 128), name.to_ascii_uppercase());
        return Some(format!("ERR unknown subcommand '{part}'. Try {name} HELP."));
    };
    let text = format!("ERR wrong number of arguments for '{name}|{part}' command");
    check_arity(*arity, words.len()).is_err().then_some(text)
}

/// The command with this name, in any case; with the smallest number of words, as in `COMMAND`.
pub(super) fn own(name: &[u8]) -> Option<(Own, &'static str, i64)> {
    use Own::*;
    let mut capitals = [0; 8];
    let capitals = capitals.get_mut(..name.len())?;
    capitals.copy_from_slice(name);
    capitals.make_ascii_uppercase();
    Some(match &*capitals {
        b"ACL" => (Acl, "acl", -2),
        b"AUTH" => (Auth, "auth", -2),
        b"CLIENT" => (Client, "client", -2),
        b"CLUSTER" => (Cluster, "cluster", -2),
        b"COMMAND" => (Command, "command", -1),
        b"CONFIG" => (Config, "config", -2),
        b"DISCARD" => (Discard, "discard", 1),
        b"EXEC" => (Exec, "exec", 1),
        b"FUNCTION" => (Function, "function", -2),
        b"HELLO" => (Hello, "hello", -1),
        b"INFO" => (Info, "info", -1),
        b"LASTSAVE" => (LastSave, "lastsave", 1),
        b"LATENCY" => (Latency, "latency", -2),
        b"MEMORY" => (Memory, "memory", -2),
        b"MODULE" => (Module, "module", -2),
        b"MULTI" => (Multi, "multi", 1),
        b"QUIT" => (Quit, "quit", -1),
        b"RESET" => (Reset, "reset", 1),
        b"ROLE" => (Role, "role", 1),
        b"SLOWLOG" => (SlowLog, "slowlog", -2),
        b"UNWATCH" => (Unwatch, "unwatch", 1),
        b"WAIT" => (Wait, "wait", 3),
        b"WATCH" => (Watch, "watch", -2),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_agree() {
        for word in &WORDS {
            let (_, name, arity) = own(word.name.as_bytes()).expect(word.name);
            assert_eq!((name, arity), (word.name, word.arity));
        }
    }
}
