// How words travel to a server and answers come back. It must not know commands: only what may be said twice.

use crate::command::{Bytes, Command, Effect};
use crate::dialect::Value;
use crate::error::Result;
use crate::host::{BoxFuture, MaybeSend};

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
    /// A batch is as safe as its least safe command.
    pub fn of(commands: &[Command]) -> Repeat {
        let each = commands.iter().map(|command| match command.effect() {
            Effect::Read => Repeat::Harmless,
            _ if command.is_repeatable() => Repeat::Same,
            Effect::Put | Effect::Update => Repeat::Never,
        });
        each.max().unwrap_or(Repeat::Harmless)
    }
}

/// Commands that travel together.
#[derive(Clone, Debug)]
pub struct Message {
    /// Their words.
    pub commands: Vec<Argv>,
    /// Whether they may be sent again.
    pub repeat: Repeat,
}

/// A way to a server that speaks Redis's commands, shared by all handles on it.
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

    /// Ends the connection. Called once, when the last handle is given up.
    fn close(&self) -> BoxFuture<'_, Result<()>>;
}
