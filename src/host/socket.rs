// Sockets as links use them: a stream of bytes to a server and back. They must not know any protocol, and must not retry.

//! What a host lends to stores that speak to servers without HTTP.

use super::{BoxFuture, MaybeSend};
use crate::error::Result;
use std::fmt;
use std::sync::Arc;

/// A server's address, and how it is reached. It is shown as host and port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which addresses of the name are meant.
    pub family: Family,
    /// How TLS is spoken; nothing: it is not.
    pub tls: Option<Tls>,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Which version of the internet protocol a name's address must be of.
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

/// How TLS is spoken. Each certificate and key is in PEM form; nothing of it is shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authorities that sign the server's certificate, instead of those that the system knows.
    pub ca: Option<String>,
    /// The certificate that the server is shown.
    pub cert: Option<String>,
    /// Its private key.
    pub key: Option<String>,
    /// Takes any certificate of the server's: whoever stands between reads and changes everything.
    pub accept_any: bool,
}

impl Tls {
    /// Whether it is spoken as the host does it by itself.
    pub fn is_plain(&self) -> bool {
        *self == Tls::default()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("accept_any", &self.accept_any).finish_non_exhaustive()
    }
}

/// A way to connect to servers.
pub trait Sockets: MaybeSend {
    /// Connects. Dropping the future gives the connection up: the socket under way is destroyed, and does not open later. It is how
    /// a link bounds the time that connecting may take, so that nothing here needs a timeout.
    ///
    /// # Errors
    ///
    /// `unavailable` when the server cannot be reached; `permission-denied` when its certificate is not trusted;
    /// `unsupported` for TLS where there is none.
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>>;

    /// Connections by sockets of the same number are shared by all handles with the same URL and options. None: they are
    /// not, as in a Worker, where a connection belongs to one request.
    fn shared(&self) -> Option<u64> {
        None
    }

    /// Whether they can speak TLS.
    fn has_tls(&self) -> bool {
        true
    }
}

/// A connection. Reading and writing go on at the same time, but there is only one reader and one writer. A connection that is
/// dropped is closed.
pub trait Socket: MaybeSend {
    /// What has come meanwhile; empty once the server has closed the connection.
    ///
    /// # Errors
    ///
    /// `unavailable` when the connection is broken.
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>>;

    /// Writes all of it. Done once the host has taken it.
    ///
    /// # Errors
    ///
    /// `unavailable` when the connection is broken.
    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>>;

    /// Closes the connection at once, whatever the server does. A reader that waits reads nothing.
    fn close(&self);
}
