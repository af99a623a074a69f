// The greeting on a new connection: protocol version, user and database. It must not show a password.

use super::Settings;
use super::frames::{self, Incoming, Version};
use crate::backend::redis::Argv;
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};
use crate::host::socket::Socket;

/// Greets the server with RESP3, or with RESP2 if it does not support that.
pub(super) async fn greet(socket: &dyn Socket, incoming: &mut Incoming, settings: &Settings) -> Result<()> {
    let words = |text: &str| -> Argv { text.split(' ').map(|word| word.as_bytes().to_vec()).collect() };
    let mut hello = words("HELLO 3");
    if let Some(password) = &settings.password {
        let user = if settings.user.is_empty() { "default" } else { &settings.user };
        hello.extend([b"AUTH".to_vec(), user.into(), password.clone().into_bytes()]);
    }
    let select = (settings.db != 0).then(|| words(&format!("SELECT {}", settings.db)));
    // An error looks the same in both versions.
    match ask(socket, incoming, &hello).await? {
        Value::Error(text) if is_old(&text) => {
            incoming.speak(Version::Two);
            if let Some(password) = &settings.password {
                let mut auth = words("AUTH");
                if !settings.user.is_empty() {
                    auth.push(settings.user.clone().into_bytes());
                }
                auth.push(password.clone().into_bytes());
                refused(ask(socket, incoming, &auth).await?)?;
            }
        }
        answer => refused(answer)?,
    }
    match select {
        Some(select) => refused(ask(socket, incoming, &select).await?),
        None => Ok(()),
    }
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

async fn ask(socket: &dyn Socket, incoming: &mut Incoming, command: &Argv) -> Result<Value> {
    let mut bytes = Vec::new();
    frames::write(command, &mut bytes);
    socket.write(bytes).await?;
    loop {
        if let Some(value) = incoming.next()? {
            return Ok(value);
        }
        let bytes = socket.read().await?;
        if bytes.is_empty() {
            return Err(Error::new(Kind::Unavailable, "(server) has closed the connection"));
        }
        incoming.add(&bytes);
    }
}
