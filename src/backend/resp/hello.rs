// The greeting on a new connection: protocol version, user and database. It must not show a password.

use super::Settings;
use super::frames::{self, Incoming, Version};
use crate::backend::redis::Argv;
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};
use crate::host::socket::Socket;

/// Greets the server with RESP3, or with RESP2 if it does not support that.
pub(super) async fn greet(socket: &dyn Socket, incoming: &mut Incoming, settings: &Settings) -> Result<()> {
    let is_old = settings.is_old || !hello(socket, incoming, settings).await?;
    if is_old {
        incoming.speak(Version::Two);
        if let Some(password) = &settings.password {
            let mut auth = words("AUTH");
            if !settings.user.is_empty() {
                auth.push(settings.user.clone().into_bytes());
            }
            auth.push(password.clone().into_bytes());
            refused(ask(socket, incoming, settings, &auth).await?)?;
        }
    }
    match settings.db {
        0 => Ok(()),
        db => refused(ask(socket, incoming, settings, &words(&format!("SELECT {db}"))).await?),
    }
}

/// Greets the server with RESP3; returns whether it supports that.
async fn hello(socket: &dyn Socket, incoming: &mut Incoming, settings: &Settings) -> Result<bool> {
    let mut hello = words("HELLO 3");
    if let Some(password) = &settings.password {
        let user = if settings.user.is_empty() { "default" } else { &settings.user };
        hello.extend([b"AUTH".to_vec(), user.into(), password.clone().into_bytes()]);
    }
    // An error looks the same in both versions.
    match ask(socket, incoming, settings, &hello).await? {
        Value::Error(text) if is_old(&text) => Ok(false),
        answer => refused(answer).map(|()| true),
    }
}

fn words(text: &str) -> Argv {
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
            Err(Error::new(Kind::PermissionDenied, "(user, password) were refused by the server"))
        }
        Value::Error(text) => Err(of_server(&text)),
        _ => Ok(()),
    }
}

async fn ask(
    socket: &dyn Socket,
    incoming: &mut Incoming,
    settings: &Settings,
    command: &Argv,
) -> Result<Value> {
    let mut bytes = Vec::new();
    frames::write(command, &mut bytes);
    socket.write(bytes).await?;
    loop {
        if let Some(value) = incoming.next()? {
            return Ok(value);
        }
        let bytes = socket.read().await?;
        if bytes.is_empty() {
            let message = format!("(server) at {} has closed the connection", settings.address);
            return Err(Error::new(Kind::Unavailable, message));
        }
        incoming.add(&bytes);
    }
}
