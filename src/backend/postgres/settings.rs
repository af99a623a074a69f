// Where a server is, and how to use it. Read from a URL by the registry.

use crate::host::socket::Tls;
use std::fmt;
use std::time::Duration;

/// A server's address, and how to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// Names or addresses, with their ports. They are tried in this order.
    pub hosts: Vec<(String, u16)>,
    /// The role.
    pub user: String,
    /// `None` if none is needed.
    pub password: Option<String>,
    /// The database's name.
    pub database: String,
    /// The schema that holds the tables; it is created if it is missing. If empty, the role's own, usually `public`.
    pub schema: String,
    /// How the server lists these connections in `pg_stat_activity`.
    pub application_name: String,
    /// Whether and how connections are encrypted.
    pub encryption: Encryption,
    /// The most connections.
    pub pool_size: usize,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a failed operation is retried if it may be repeated.
    pub retries: u32,
}

/// Hides secrets.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("hosts", &self.hosts)
            .field("database", &self.database)
            .field("schema", &self.schema)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The first host and its port, to be shown.
    pub(super) fn place(&self) -> String {
        match self.hosts.first() {
            Some((host, port)) if host.contains(':') => format!("[{host}]:{port}"),
            Some((host, port)) => format!("{host}:{port}"),
            None => String::new(),
        }
    }
}

/// Whether and how a connection is encrypted: `sslmode`, with libpq's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `disable`.
    Never,
    /// `prefer`: if the server can, without looking at its certificate.
    IfPossible,
    /// `require`, which accepts any certificate, or `verify-full`.
    Always(Tls),
}
