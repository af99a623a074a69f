// Sockets as links use them: a byte stream to a server and back. No knowledge of any protocol, and no retries.

//! What a host provides to stores whose servers do not use HTTP.

use super::{BoxFuture, MaybeSend};
use crate::error::{Error, Kind, Result};
use std::fmt;
use std::sync::Arc;

/// A server's address, and how to reach it. Displayed as host and port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which addresses of the name to use.
    pub family: Family,
    /// TLS options; `None`: no TLS.
    pub tls: Option<Tls>,
    /// Whether TLS begins only with [`Socket::start_tls`].
    pub starts_plain: bool,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// The IP version of a name's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Whichever comes first.
    #[default]
    Any,
    /// 4.
    V4,
    /// 6.
    V6,
}

/// TLS options. Certificates and keys are in PEM form; none of them is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificate authorities to trust instead of the system's.
    pub ca: Option<String>,
    /// The client's certificate.
    pub cert: Option<String>,
    /// The client's private key.
    pub key: Option<String>,
    /// Accepts any server certificate: an attacker on the network can then read and change everything.
    pub accept_any: bool,
}

impl Tls {
    /// Whether all options have their defaults.
    pub fn is_plain(&self) -> bool {
        *self == Tls::default()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("accept_any", &self.accept_any).finish_non_exhaustive()
    }
}

/// Connects to servers.
pub trait Sockets: MaybeSend {
    /// Connects. Dropping the future cancels the connection attempt: the socket is destroyed and does not open later.
    /// Links limit the time for connecting this way, so no timeout is needed here.
    ///
    /// # Errors
    ///
    /// `unavailable` if the server cannot be reached; `permission-denied` if its certificate is not trusted;
    /// `unsupported` if TLS is requested but not available.
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>>;

    /// Handles with the same URL and options share a connection if their sockets have the same number. `None`:
    /// connections are not shared, as in a Worker, where a connection belongs to one request.
    fn shared(&self) -> Option<u64> {
        None
    }

    /// Whether TLS is available.
    fn has_tls(&self) -> bool {
        true
    }
}

/// A connection. It has only one reader and one writer, which may run at the same time. Dropping it closes it.
pub trait Socket: MaybeSend {
    /// Waits for received bytes; returns empty once the server has closed the connection.
    ///
    /// # Errors
    ///
    /// `unavailable` if the connection is broken.
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>>;

    /// Writes all bytes. Completes once the host has accepted them.
    ///
    /// # Errors
    ///
    /// `unavailable` if the connection is broken.
    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>>;

    /// Encrypts a connection whose address has TLS options and [`starts_plain`](Address::starts_plain), and returns what
    /// takes its place. Nothing may have been received that was not read.
    ///
    /// # Errors
    ///
    /// `permission-denied` if the server's certificate is not trusted; `unavailable` if the connection breaks;
    /// `unsupported` if the host cannot do that.
    fn start_tls(&self) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        let message = "(url) needs TLS that begins on an open connection, which is not here: use ?sslmode=disable on a \
                       network you trust";
        Box::pin(std::future::ready(Err(Error::new(Kind::Unsupported, message))))
    }

    /// Closes the connection at once, whatever the server does. A waiting `read` returns empty.
    fn close(&self);
}
