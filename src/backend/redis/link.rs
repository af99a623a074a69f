// How words travel to a server and answers come back. It must not know commands: only what may be said twice.

use crate::command::{Access, Bytes, Command, Effect, Key};
use crate::dialect::Value;
use crate::error::Result;
use crate::host::{BoxFuture, MaybeSend};
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::hash::BuildHasher;

/// A command as words, the first of them its name.
pub type Argv = Vec<Bytes>;

/// Whose words a server understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A Redis server, or a service that speaks as one.
    Redis,
    /// One of our gateways: our own words too, and `CHECK key [value]` at the head of a transaction.
    Omnikv,
}

/// What happens when commands are sent again of which it is not known whether the server has run them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repeat {
    /// Nothing: they only read.
    Harmless,
    /// They leave what they left before, and answer the same.
    Same,
    /// Something else: it must not happen.
    Never,
}

impl Repeat {
    /// A batch is as safe as its least safe command, and repeated as a whole: what is read before it is written would be
    /// read differently the second time.
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

/// Keys as numbers: two that are the same have the same one, and so may, seldom, two that are not.
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

/// Which keys commands read, and which they write.
#[derive(Clone, Debug, Default)]
pub struct Footprint {
    reads: Keys,
    writes: Keys,
}

impl Footprint {
    /// That of commands which are run in this order.
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

/// Commands that travel together.
#[derive(Clone, Debug)]
pub struct Message {
    /// Their words.
    pub commands: Vec<Argv>,
    /// Whether they may be sent again.
    pub repeat: Repeat,
    /// What tells whether sending them again, behind others, changes an order.
    pub footprint: Footprint,
}

impl Message {
    /// A question that no key is about.
    pub fn question(word: &str) -> Message {
        let commands = vec![vec![word.as_bytes().to_vec()]];
        Message { commands, repeat: Repeat::Harmless, footprint: Footprint::default() }
    }
}

/// Which of the messages may be sent again, in the same order, when it is not known whether the server has run them. Not
/// those that must not happen twice; nor what has read something that a later one writes; nor what writes something that
/// a later one touches which is not sent again.
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

/// A way to a server that speaks Redis's commands, shared by all handles on it. Dropping it ends the connection.
pub trait Link: MaybeSend {
    /// The backend's name in errors: `upstash`, `redis`.
    fn name(&self) -> &'static str;

    /// Whose words the server understands; asks it when that is not known yet.
    fn speaker(&self) -> BoxFuture<'_, Result<Speaker>>;

    /// Runs commands in one trip and gives an answer for each, in order; others' commands may come in between.
    ///
    /// # Errors
    ///
    /// Only when there are no answers, marked `maybe-applied` unless the server has certainly run nothing. What a server
    /// says of one command is that command's answer.
    fn pipeline(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>>;

    /// The same with no other command in between (`MULTI` and `EXEC`).
    ///
    /// # Errors
    ///
    /// As for a pipeline; and what a server says that refuses the whole.
    fn transaction(&self, message: Message) -> BoxFuture<'_, Result<Vec<Value>>>;

    /// Whether the server is to be sent the hash of a script that it may have, before the script. It need not be worth it.
    fn keeps_scripts(&self) -> bool {
        false
    }

    /// Whether one command may name any keys; if not, those of one command must lie together.
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
    fn a_batch_is_as_safe_as_the_order_of_what_it_does() {
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
    fn what_is_sent_again_keeps_its_order() {
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
