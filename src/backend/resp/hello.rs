// The greeting on a new connection: protocol version, user and database. It must not show a password.

use super::Hello;
use super::frames::{self, Answers, Version};
use crate::backend::redis::Argv;
use crate::backend::wire::hear;
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};
use crate::host::socket::{Address, Socket};

/// Greets the server with RESP3, or with RESP2 if it does not support that.
pub(super) async fn greet<'a>(
    socket: &'a dyn Socket,
    address: &'a Address,
    given: &Hello,
) -> Result<Talk<'a>> {
    let mut talk = Talk::begin(socket, address);
    if given.is_old || !hello(&mut talk, given).await? {
        talk.answers.speak(Version::Two);
        if let Some(password) = &given.password {
            let mut auth = words("AUTH");
            if !given.user.is_empty() {
                auth.push(given.user.clone().into_bytes());
            }
            auth.push(password.clone().into_bytes());
            refused(talk.ask(&auth).await?)?;
        }
    }
    if given.db != 0 {
        refused(talk.ask(&words(&format!("SELECT {}", given.db))).await?)?;
    }
    Ok(talk)
}

/// The beginning of a connection.
pub(super) struct Talk<'a> {
    socket: &'a dyn Socket,
    address: &'a Address,
    pub answers: Answers,
}

impl<'a> Talk<'a> {
    pub fn begin(socket: &'a dyn Socket, address: &'a Address) -> Talk<'a> {
        Talk { socket, address, answers: Answers::new() }
    }

    pub async fn ask(&mut self, command: &Argv) -> Result<Value> {
        let mut bytes = Vec::new();
        frames::write(command, &mut bytes);
        self.socket.write(bytes).await?;
        hear(self.socket, &mut self.answers, self.address).await
    }
}

/// Greets the server with RESP3; returns whether it supports that.
async fn hello(talk: &mut Talk<'_>, given: &Hello) -> Result<bool> {
    let mut hello = words("HELLO 3");
    if let Some(password) = &given.password {
        let user = if given.user.is_empty() { "default" } else { &given.user };
        hello.extend([b"AUTH".to_vec(), user.into(), password.clone().into_bytes()]);
    }
    // An error looks the same in both versions.
    match talk.ask(&hello).await? {
        Value::Error(text) if is_old(&text) => Ok(false),
        answer => refused(answer).map(|()| true),
    }
}

pub(super) fn words(text: &str) -> Argv {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

fn is_old(text: &str) -> bool {
    text.starts_with("NOPROTO") || text.starts_with("ERR unknown command")
}

fn refused(answer: Value) -> Result<()> {
    match answer {
        Value::Error(text)
            if ["WRONGPASS", "NOAUTH", "ERR invalid password", "ERR Client sent AUTH"]
                .iter()
                .any(|known| text.starts_with(known)) =>
        {
            Err(Error::new(Kind::PermissionDenied, "(user, password) were rejected by the server"))
        }
        Value::Error(text) => Err(of_server(&text)),
        _ => Ok(()),
    }
}
