// Where a server is, and the credentials for it: addresses, a user, certificates. Sends no commands.

use crate::error::{Error, Result};
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, RedisError,
    TlsCertificates, TlsMode,
};
use std::fmt;
use std::time::Duration;
use tokio::sync::Mutex;

/// After how much silence the system probes whether a server is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Credentials for a server; the same for all servers of a cluster.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Empty for the server's default user.
    pub user: String,
    /// `None` if none is needed.
    pub password: Option<String>,
    /// The number of the database.
    pub db: u32,
    /// Whether to use TLS.
    pub tls: bool,
    /// The certificate authorities to trust, in PEM form; the system's by default.
    pub ca: Option<Vec<u8>>,
}

/// Hides secrets.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("db", &self.db).field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Access {
    fn redis(&self, protocol: ProtocolVersion) -> RedisConnectionInfo {
        let info = RedisConnectionInfo::default().set_db(self.db.into()).set_protocol(protocol);
        let info = info.set_lib_name("omnikv", env!("CARGO_PKG_VERSION"));
        let info = if self.user.is_empty() { info } else { info.set_username(&self.user) };
        match &self.password {
            Some(password) => info.set_password(password),
            None => info,
        }
    }

    fn address(&self, host: &str, port: u16) -> ConnectionAddr {
        let host = host.to_owned();
        match self.tls {
            true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
            false => ConnectionAddr::Tcp(host, port),
        }
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        let root_cert = self.ca.clone()?;
        Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
    }

    fn client(&self, host: &str, port: u16, protocol: ProtocolVersion) -> Result<Client, RedisError> {
        let info = self.address(host, port).into_connection_info()?;
        let info = info.set_redis_settings(self.redis(protocol)).set_tcp_settings(tcp());
        match self.certificates() {
            Some(certificates) if self.tls => Client::build_with_tls(info, certificates),
            _ => Client::open(info),
        }
    }
}

fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_keepalive(
        redis::io::tcp::socket2::TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE),
    )
}

/// Where a server is.
pub enum Place {
    /// At a fixed address.
    Server {
        /// A name or an address.
        host: String,
        /// Redis's default is 6379.
        port: u16,
        /// The credentials.
        access: Access,
    },
    /// The current master, as reported by Sentinels.
    Sentinel {
        /// The client that asks them, used by one task at a time.
        client: Box<Mutex<SentinelClient>>,
        /// The credentials for the master.
        access: Access,
    },
}

impl Place {
    /// The master of the service that these Sentinels watch.
    ///
    /// # Errors
    ///
    /// `invalid-argument` for certificates that cannot be read.
    pub fn of_sentinels(sentinels: &[(String, u16)], service: &str, access: Access) -> Result<Place> {
        let addresses = sentinels.iter().map(|(host, port)| access.address(host, *port));
        let build = || {
            let builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
            let mut builder = builder
                .set_client_to_redis_db(access.db.into())
                .set_client_to_redis_tcp_settings(tcp())
                .set_client_to_sentinel_tcp_settings(tcp());
            if access.tls {
                builder = builder
                    .set_client_to_redis_tls_mode(TlsMode::Secure)
                    .set_client_to_sentinel_tls_mode(TlsMode::Secure);
            }
            if let Some(certificates) = access.certificates() {
                builder = builder
                    .set_client_to_redis_certificates(certificates.clone())
                    .set_client_to_sentinel_certificates(certificates);
            }
            if !access.user.is_empty() {
                builder = builder.set_client_to_redis_username(&access.user);
            }
            if let Some(password) = &access.password {
                builder = builder.set_client_to_redis_password(password);
            }
            builder.build()
        };
        let client = build().map_err(|_: RedisError| {
            Error::invalid_argument(
                "(url) expects Sentinels that can be reached, and certificates in PEM form",
            )
        })?;
        Ok(Place::Sentinel { client: Box::new(Mutex::new(client)), access })
    }

    /// A client for the server. Sentinels are asked each time, because another server may be the master by now.
    pub(super) async fn client(&self, protocol: ProtocolVersion) -> Result<Client, RedisError> {
        match self {
            Place::Server { host, port, access } => access.client(host, *port, protocol),
            Place::Sentinel { client, access } => {
                let found = client.lock().await.async_get_client().await?;
                let info = found.get_connection_info().clone().set_redis_settings(access.redis(protocol));
                match access.certificates() {
                    Some(certificates) if access.tls => Client::build_with_tls(info, certificates),
                    _ => Client::open(info),
                }
            }
        }
    }
}
