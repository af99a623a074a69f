// Which server Sentinels name as the master of a service. They are asked at each connection, because another server may be
// the master by now. Sends no commands of callers.

use super::frames::Version;
use super::hello::{Talk, words};
use crate::dialect::{Value, of_server};
use crate::error::{Error, Kind, Result};
use crate::host::socket::{Address, Sockets};
use futures_util::future::select_ok;

/// Sentinels, and the service whose master they watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinels {
    /// Where they are.
    pub addresses: Vec<Address>,
    /// Their name of the service.
    pub service: String,
}

impl Sentinels {
    /// Asks all of them. The first to answer is believed, so that one which is silent holds up nothing.
    pub(super) async fn master(&self, sockets: &dyn Sockets) -> Result<Address> {
        let asked = self.addresses.iter().map(|address| Box::pin(self.ask(sockets, address)));
        select_ok(asked).await.map(|(master, _)| master)
    }

    async fn ask(&self, sockets: &dyn Sockets, address: &Address) -> Result<Address> {
        let socket = sockets.connect(address.clone()).await?;
        let mut talk = Talk::begin(&*socket, address);
        talk.answers.speak(Version::Two);
        let mut question = words("SENTINEL GET-MASTER-ADDR-BY-NAME");
        question.push(self.service.clone().into_bytes());
        let answer = talk.ask(&question).await;
        socket.close();
        match answer? {
            Value::Array(parts) => place(parts, address).ok_or_else(unexpected),
            Value::Error(text) => Err(of_server(&text)),
            Value::Nil => {
                let message = "(url) names a service for which no Sentinel knows a master";
                Err(Error::new(Kind::Unavailable, message))
            }
            _ => Err(unexpected()),
        }
    }
}

/// The master's address; how it is reached is as with the Sentinel.
fn place(parts: Vec<Value>, sentinel: &Address) -> Option<Address> {
    let [Value::Bytes(host), Value::Bytes(port)] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    let (host, port) = (String::from_utf8(host).ok()?, str::from_utf8(&port).ok()?.parse().ok()?);
    Some(Address { host, port, ..sentinel.clone() })
}

/// Checks that the server is a master: Sentinels may not know yet that it is none any more.
pub(super) async fn expect_master(talk: &mut Talk<'_>) -> Result<()> {
    match talk.ask(&words("ROLE")).await? {
        Value::Array(parts) if matches!(parts.first(), Some(Value::Bytes(role)) if role != b"master") => {
            Err(Error::new(Kind::Unavailable, "(server) that Sentinels name is not the master yet"))
        }
        // A user of the server may be forbidden to ask; then a write tells.
        _ => Ok(()),
    }
}

fn unexpected() -> Error {
    Error::new(Kind::Unavailable, "(server) is not a Sentinel: it does not say where the master is")
}
