// The state of a conversation, and the way of one command: to the store with its neighbours, into the transaction, or to
// what answers for the connection.

use super::Server;
use super::clients::Client;
use super::encode::{Form, Version, write};
use super::transaction::{Transaction, Watching};
use super::words::{Own, own, refused_part};
use crate::command::{Command, is};
use crate::dialect::Value;
use crate::dialect::aliases::{Ask, Wording, check_arity};
use crate::error::Result;
use crate::gateway::run::Answer;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is answered, and in which form.
pub(super) type Said = (Value, Form);

/// Which answers are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    On,
    Off,
    /// Not the answer to this command.
    Skip,
    /// Not the answer to the next command.
    SkipNext,
}

pub(super) struct State {
    pub server: Arc<Server>,
    pub client: Arc<Client>,
    pub out: Vec<u8>,
    pub version: Version,
    /// Whether the client has said the password, or none is needed.
    pub is_known: bool,
    /// Whether the connection ends after the answers.
    pub is_over: bool,
    pub voice: Voice,
    pub transaction: Option<Transaction>,
    pub watching: Watching,
    /// Commands that are not run yet, and where the answers come from; in one trip to the store.
    commands: Vec<Command>,
    answers: Vec<(Answer, Form)>,
}

impl State {
    pub fn new(server: Arc<Server>, client: Arc<Client>) -> State {
        let is_known = server.options.password.is_none();
        State {
            server,
            client,
            out: Vec::new(),
            version: Version::Two,
            is_known,
            is_over: false,
            voice: Voice::On,
            transaction: None,
            watching: Watching::default(),
            commands: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Takes one command.
    pub async fn take(&mut self, words: &[&[u8]]) {
        let Some((name, arguments)) = words.split_first() else { return };
        self.server.commands.fetch_add(1, Ordering::Relaxed);
        // A browser's request to another protocol's port: its body would be read as commands.
        if is(name, "POST") || is(name, "HOST:") {
            self.settle().await;
            self.is_over = true;
            return;
        }
        let own = own(name);
        let is_first = matches!(own, Some((Own::Auth | Own::Hello | Own::Quit | Own::Reset, ..)));
        if !self.is_known && !is_first {
            let text = match own {
                Some((Own::Exec, ..)) => {
                    "EXECABORT Transaction discarded because of: NOAUTH Authentication required."
                }
                _ => "NOAUTH Authentication required.",
            };
            return self.answer_now(refusal(text)).await;
        }
        if self.voice == Voice::SkipNext {
            self.settle().await;
            self.voice = Voice::Skip;
        }
        let is_queued = !matches!(
            own,
            Some((Own::Exec | Own::Discard | Own::Multi | Own::Watch | Own::Quit | Own::Reset, ..))
        );
        let refused = own.and_then(|(own, name, arity)| match check_arity(arity, words.len()) {
            Ok(()) => refused_part(own, name, words),
            Err(_) => Some(format!("ERR wrong number of arguments for '{name}' command")),
        });
        if let Some(text) = refused {
            if let Some(transaction) = &mut self.transaction {
                transaction.is_refused = true;
            }
            self.answer_now(refusal(&text)).await;
            return self.speak_again();
        }
        match own {
            own if self.transaction.is_some() && is_queued => {
                let said = self.queue(own.map(|(own, ..)| own), words);
                self.answer_now(said).await;
            }
            Some((own, name, _)) => {
                self.settle().await;
                self.note(name, arguments);
                if let Some((value, form)) = self.answer(own, arguments).await {
                    self.say(&value, form);
                }
            }
            None => {
                let (answer, command, form) = self.place(words);
                // What needs another look at the store must see it as it is then.
                let is_last = !matches!(answer, Answer::Known(_) | Answer::Reply(Wording::Plain));
                self.commands.extend(command);
                self.answers.push((answer, form));
                if is_last || self.voice != Voice::On {
                    self.settle().await;
                }
            }
        }
        self.speak_again();
    }

    /// After a command whose answer was skipped.
    fn speak_again(&mut self) {
        if self.voice == Voice::Skip {
            self.voice = Voice::On;
        }
    }

    /// Where the answer to a command for the store comes from.
    pub fn place(&self, words: &[&[u8]]) -> (Answer, Option<Command>, Form) {
        let (answer, command) = self.server.runner.place(Ask::parse(words));
        let form = match (&answer, &command) {
            (Answer::Reply(wording), Some(command)) => Form::of(command, wording),
            _ => Form::Plain,
        };
        (answer, command, form)
    }

    /// Runs what has been gathered, and writes the answers.
    pub async fn settle(&mut self) {
        if self.answers.is_empty() {
            return;
        }
        let server = Arc::clone(&self.server);
        let mut commands = std::mem::take(&mut self.commands);
        let name = commands.last().map(Command::name);
        let store = &server.runner.store;
        let replies = match (commands.len(), commands.pop()) {
            (_, None) => Ok(Vec::new()),
            (1, Some(command)) => Ok(vec![store.execute(command).await]),
            (_, Some(command)) => {
                commands.push(command);
                store.execute_all(commands).await
            }
        };
        let (replies, failure) = match replies {
            Ok(replies) => (replies, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut replies = replies.into_iter();
        for (answer, form) in std::mem::take(&mut self.answers) {
            let value = match (&failure, &answer) {
                (Some(error), Answer::Reply(_)) => Err(error.clone()),
                _ => server.runner.fill(answer, &mut replies).await,
            };
            self.say(&said(value), form);
        }
        if let Some(name) = name {
            self.note(name, &[]);
        }
    }

    /// Answers, after everything before it.
    async fn answer_now(&mut self, said: Said) {
        self.settle().await;
        self.say(&said.0, said.1);
    }

    /// Writes an answer, if the client wants any.
    pub fn say(&mut self, value: &Value, form: Form) {
        if self.voice == Voice::On {
            write(value, form, self.version, &mut self.out);
        }
    }

    /// Remembers what `CLIENT LIST` shows.
    fn note(&self, name: &'static str, arguments: &[&[u8]]) {
        let now_ms = self.server.runner.clock.now_ms();
        let has_parts = matches!(name, "acl" | "client" | "cluster" | "config" | "memory");
        let part =
            arguments.first().filter(|_| has_parts).map(|part| String::from_utf8_lossy(part).to_lowercase());
        self.client.facts(|facts| {
            facts.last_ms = now_ms;
            facts.last_command.clear();
            facts.last_command.push_str(name);
            if let Some(part) = part {
                facts.last_command.push('|');
                facts.last_command.push_str(&part);
            }
        });
    }
}

/// Leaves, and watches nothing any more.
impl Drop for State {
    fn drop(&mut self) {
        self.unwatch();
        self.server.clients.leave(&self.client);
    }
}

/// An answer, or its error.
pub(super) fn said(answer: Result<Value>) -> Value {
    answer.unwrap_or_else(|error| Value::from(Err(error)))
}

/// An error in Redis's words.
pub(super) fn refusal(text: &str) -> Said {
    (Value::Error(text.to_owned()), Form::Plain)
}

pub(super) fn ok() -> Said {
    (Value::Status("OK".to_owned()), Form::Plain)
}

pub(super) fn text(text: impl Into<Vec<u8>>) -> Value {
    Value::Bytes(text.into())
}
