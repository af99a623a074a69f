// Sockets as links use them: a stream of bytes to a server and back. They must not know any protocol, and must not retry.

//! What a host lends to stores that speak to servers without HTTP.

use super::{BoxFuture, MaybeSend};
use crate::error::Result;
use std::sync::Arc;

/// A server's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
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
