// The interface `batch`: commands in Redis's words, and their replies.

use super::connection::Handle;
use super::convert::{bytes, maybe};
use super::{Answer, Component};
use crate::exports::omnikv::kv::batch::{self, Check, Guest, Page};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use omnikv::command::{Bytes, Command, Reply};
use omnikv::error::{Error, Kind, Result};

impl Guest for Component {
    fn pipeline(store: StoreBorrow<'_>, commands: Vec<batch::Command>) -> Answer<Vec<Answer<batch::Reply>>> {
        // A malformed command is not sent; its error takes its position.
        let mut sent = Vec::with_capacity(commands.len());
        let mut malformed = Vec::with_capacity(commands.len());
        for command in commands {
            malformed.push(parse(command).map(|command| sent.push(command)).err());
        }
        let mut replies = encode(store.get::<Handle>().0.execute_all(sent)?);
        Ok(malformed.into_iter().filter_map(|error| error.map(Err).or_else(|| replies.next())).collect())
    }

    fn transaction(
        store: StoreBorrow<'_>,
        checks: Vec<Check>,
        commands: Vec<batch::Command>,
    ) -> Answer<Vec<Answer<batch::Reply>>> {
        let checks = checks
            .into_iter()
            .map(|Check { key, expected }| Ok((key.into(), maybe("transaction", expected)?)))
            .collect::<Answer<Vec<_>>>()?;
        let commands = commands.into_iter().map(parse).collect::<Answer<Vec<_>>>()?;
        Ok(encode(store.get::<Handle>().0.transaction(checks, commands)?).collect())
    }
}

/// Parses a command in Redis's words.
fn parse(command: batch::Command) -> Answer<Command> {
    let mut argv: Vec<Bytes> = Vec::with_capacity(command.arguments.len().saturating_add(1));
    argv.push(command.name.into_bytes());
    for argument in command.arguments {
        argv.push(bytes("", argument)?);
    }
    Ok(Command::parse(&argv)?)
}

fn encode(replies: Vec<Result<Reply>>) -> impl Iterator<Item = Answer<batch::Reply>> {
    replies.into_iter().map(|reply| reply_of(reply?))
}

fn reply_of(reply: Reply) -> Answer<batch::Reply> {
    Ok(match reply {
        Reply::Nil => batch::Reply::Nothing,
        Reply::Ok => batch::Reply::Ok,
        Reply::Int(integer) => batch::Reply::Integer(integer),
        Reply::Bytes(bytes) => batch::Reply::Bytes(bytes),
        Reply::List(values) => batch::Reply::Values(values),
        Reply::Ints(integers) => batch::Reply::Integers(integers),
        Reply::Page(cursor, items) => batch::Reply::Page(Page { cursor, items }),
        _ => return Err(Error::new(Kind::Internal, "has a reply of a shape that the contract lacks").into()),
    })
}
