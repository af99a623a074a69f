// How words travel to a server and answers come back. Of commands, only whether they may be repeated matters here.

use super::watch::Lease;
use crate::command::{Access, Bytes, Command, Effect, Key};
use crate::dialect::Value;
use crate::error::Result;
use crate::host::{BoxFuture, MaybeSend};
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A command as words; the first is its name.
pub type Argv = Vec<Bytes>;

/// Which words a server understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A Redis server, or a compatible service.
    Redis,
    /// One of our gateways: it also understands our own words, and `CHECK key [value]` at the head of a transaction.
    Omnikv,
}

/// What happens if commands are sent again after it is unknown whether the server ran them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// Nothing: they only read.
    Harmless,
    /// The same final state and the same answers.
    Same,
    /// A different result: they must not be sent again.
    Never,
}

impl Repeat {
    /// A batch is as safe as its least safe command, and is repeated as a whole: a value that is read before it is
    /// written would read differently the second time.
    pub fn of(commands: &[Command]) -> Repeat {
        let each = commands.iter().map(|command| match command.effect() {
            Effect::Read => Repeat::Harmless,
            _ if command.is_repeatable() => Repeat::Same,
            Effect::Put | Effect::Update => Repeat::Never,
        });
        match each.max().unwrap_or(Repeat::Harmless) {
            Repeat::Same if commands.len() > 1 && reads_before_it_writes(commands) => Repeat::Never,
            repeat => repeat,
        }
    }
}

fn reads_before_it_writes(commands: &[Command]) -> bool {
    let mut read = Keys::default();
    commands.iter().any(|command| {
        let footprint = Footprint::of([command]);
        let again = footprint.writes.meet(&read);
        read.add(&footprint.reads);
        again
    })
}

/// A set of keys as hashes. Equal keys have equal hashes; different keys rarely collide.
#[derive(Clone, Debug, Default)]
struct Keys {
    all: bool,
    some: Vec<u64>,
}

impl Keys {
    fn add(&mut self, others: &Keys) {
        self.all |= others.all;
        self.some.extend_from_slice(&others.some);
    }

    fn meet(&self, others: &Keys) -> bool {
        let (no_keys, no_others) = (!self.all && self.some.is_empty(), !others.all && others.some.is_empty());
        if no_keys || no_others {
            return false;
        }
        self.all || others.all || {
            let (few, many) =
                if self.some.len() < others.some.len() { (self, others) } else { (others, self) };
            let few: HashSet<_> = few.some.iter().collect();
            many.some.iter().any(|key| few.contains(key))
        }
    }
}

/// The keys that commands read and write.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    reads: Keys,
    writes: Keys,
}

impl Footprint {
    /// The footprint of requests that read and write these keys.
    #[cfg(feature = "memcached")]
    pub(crate) fn of_keys(reads: &[Key], writes: &[Key]) -> Footprint {
        let keys = |keys: &[Key]| Keys { all: false, some: keys.iter().map(number_of).collect() };
        Footprint { reads: keys(reads), writes: keys(writes) }
    }

    /// The footprint of commands that run in this order.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Footprint {
        let mut footprint = Footprint::default();
        for command in commands {
            let (reads, writes) = match command.effect() {
                Effect::Read => (true, false),
                Effect::Put => (false, true),
                Effect::Update => (true, true),
            };
            let keys = match command.access() {
                Access::Keyspace | Access::Records => Keys { all: true, some: Vec::new() },
                Access::Keys(keys) => Keys { all: false, some: keys.into_iter().map(number_of).collect() },
            };
            if reads {
                footprint.reads.add(&keys);
            }
            if writes {
                footprint.writes.add(&keys);
            }
        }
        footprint
    }
}

fn number_of(key: &Key) -> u64 {
    FixedState::default().hash_one(key)
}

/// Commands that are sent together.
#[derive(Clone, Debug)]
pub struct Message {
    /// Their words.
    pub commands: Vec<Argv>,
    /// Whether they may be sent again.
    pub repeat: Repeat,
    /// Shows whether sending them again, after others, would change an order that matters.
    pub footprint: Footprint,
}

impl Message {
    /// A question that involves no key.
    pub fn question(word: &str) -> Message {
        let commands = vec![vec![word.as_bytes().to_vec()]];
        Message { commands, repeat: Repeat::Harmless, footprint: Footprint::default() }
    }
}

/// Which messages may be sent again, in the same order, if it is unknown whether the server ran them. Excluded are
/// messages that must not run twice, messages that read something a later one writes, and messages that write something
/// used by a later one that is not sent again.
pub fn repeatable(messages: &[&Message]) -> Vec<bool> {
    let (mut written, mut given_up) = (Keys::default(), Keys::default());
    let mut again: Vec<bool> = messages
        .iter()
        .rev()
        .map(|message| {
            let Footprint { reads, writes } = &message.footprint;
            let again = message.repeat != Repeat::Never && !reads.meet(&written) && !writes.meet(&given_up);
            if !again {
                given_up.add(reads);
                given_up.add(writes);
            }
            written.add(writes);
            again
        })
        .collect();
    again.reverse();
    again
}

/// A connection to a server that understands Redis's commands, shared by all handles on it. Dropping it closes the
/// connection.
pub trait Link: MaybeSend {
    /// The backend's name in errors: `upstash`, `redis`.
    fn name(&self) -> &'static str;

    /// Which words the server understands; asks it if that is not known yet.
    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>>;

    /// Runs commands in one round trip and returns an answer for each, in order; other clients' commands may run in
    /// between.
    ///
    /// # Errors
    ///
    /// Only if there are no answers, marked `maybe-applied` unless the server has certainly run nothing. A server's
    /// error about one command is that command's answer.
    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>>;

    /// Like [`pipeline`](Link::pipeline), without any other command in between (`MULTI` and `EXEC`).
    ///
    /// # Errors
    ///
    /// Like a pipeline's, and a server's error that rejects the whole transaction.
    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>>;

    /// Whether to send a script's hash first, hoping that the server has the script.
    fn keeps_scripts(&self) -> bool {
        false
    }

    /// Starts to wait for changes of records, on a connection that all who wait share; it is closed when the last lease
    /// is dropped. `None` where the server lets nobody wait.
    fn watch(&self) -> Option<Arc<Lease>> {
        None
    }

    /// Whether one command may use any keys; if not, its keys must be in one slot.
    fn is_one_place(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(lines: &[&str]) -> Vec<Command> {
        lines.iter().map(|line| Command::parse(&line.split(' ').collect::<Vec<_>>()).unwrap()).collect()
    }

    #[test]
    fn a_batch_is_repeatable_only_if_order_does_not_matter() {
        for (lines, repeat) in [
            (&["get a", "get b"][..], Repeat::Harmless),
            (&["set a 1", "get a"], Repeat::Same),
            (&["get a", "set b 1"], Repeat::Same),
            (&["get a", "set a 1"], Repeat::Never),
            (&["keys *", "set a 1"], Repeat::Never),
            (&["get a", "incr b"], Repeat::Never),
        ] {
            assert_eq!(Repeat::of(&commands(lines)), repeat, "{lines:?}");
        }
    }

    #[test]
    fn repeated_messages_keep_their_order() {
        for (lines, again) in [
            (&["get a", "get b"][..], &[true, true][..]),
            (&["get a", "set b 1"], &[true, true]),
            (&["get a", "set a 1"], &[false, true]),
            (&["incr a", "set a 1", "get a"], &[false, true, true]),
            (&["set a 1", "incr a", "get b"], &[false, false, true]),
            (&["set a 1", "get a", "set a 2", "incr c"], &[false, false, true, false]),
            (&["set a 1", "rename b c", "flush a"], &[true, false, true]),
        ] {
            let messages: Vec<_> = commands(lines)
                .iter()
                .map(|command| Message {
                    commands: Vec::new(),
                    repeat: Repeat::of(std::slice::from_ref(command)),
                    footprint: Footprint::of([command]),
                })
                .collect();
            assert_eq!(repeatable(&messages.iter().collect::<Vec<_>>()), again, "{lines:?}");
        }
    }
}
