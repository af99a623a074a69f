// Where a server is, and the credentials for it: addresses, a user, certificates. Sends no commands.

use crate::error::{Error, Result};
use crate::host::socket::{Address, Family, Tls};
use redis::io::AsyncDNSResolver;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    RedisError, RedisFuture, TlsCertificates, TlsMode,
};
use std::fmt;
use std::net::SocketAddr;
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
    /// TLS options; `None`: no TLS.
    pub tls: Option<Tls>,
    /// Which addresses of the server's name to use.
    pub family: Family,
    /// Whether to use RESP2 from the start.
    pub is_old: bool,
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
        match &self.tls {
            Some(tls) => ConnectionAddr::TcpTls { host, port, insecure: tls.accept_any, tls_params: None },
            None => ConnectionAddr::Tcp(host, port),
        }
    }

    /// `None` to use the system's certificates.
    fn certificates(&self) -> Option<TlsCertificates> {
        let Tls { ca, cert, key, .. } = self.tls.as_ref()?;
        let bytes = |text: &String| text.clone().into_bytes();
        let own = cert.as_ref().zip(key.as_ref());
        let client_tls =
            own.map(|(cert, key)| ClientTlsConfig { client_cert: bytes(cert), client_key: bytes(key) });
        let root_cert = ca.as_ref().map(bytes);
        (root_cert.is_some() || client_tls.is_some()).then_some(TlsCertificates { client_tls, root_cert })
    }

    fn client(&self, host: &str, port: u16, protocol: ProtocolVersion) -> Result<Client, RedisError> {
        let info = self.address(host, port).into_connection_info()?;
        let info = info.set_redis_settings(self.redis(protocol)).set_tcp_settings(tcp());
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(info, certificates),
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
pub enum Endpoint {
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

impl Endpoint {
    /// The master of the service that these Sentinels watch.
    ///
    /// # Errors
    ///
    /// `invalid-argument` for certificates that cannot be read.
    pub fn of_sentinels(sentinels: &[(String, u16)], service: &str, access: Access) -> Result<Endpoint> {
        let addresses = sentinels.iter().map(|(host, port)| access.address(host, *port));
        let build = || {
            let builder = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?;
            let mut builder = builder
                .set_client_to_redis_db(access.db.into())
                .set_client_to_redis_tcp_settings(tcp())
                .set_client_to_sentinel_tcp_settings(tcp());
            if let Some(tls) = &access.tls {
                let mode = if tls.accept_any { TlsMode::Insecure } else { TlsMode::Secure };
                builder = builder.set_client_to_redis_tls_mode(mode).set_client_to_sentinel_tls_mode(mode);
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
        Ok(Endpoint::Sentinel { client: Box::new(Mutex::new(client)), access })
    }

    /// Its name in errors.
    pub(super) fn name(&self) -> String {
        match self {
            Endpoint::Server { host, port, .. } => {
                Address { host: host.clone(), port: *port, ..Address::default() }.to_string()
            }
            Endpoint::Sentinel { .. } => "the place that Sentinels name".to_owned(),
        }
    }

    pub(super) fn access(&self) -> &Access {
        match self {
            Endpoint::Server { access, .. } | Endpoint::Sentinel { access, .. } => access,
        }
    }

    /// A client for the server. Sentinels are asked each time, because another server may be the master by now.
    pub(super) async fn client(&self, protocol: ProtocolVersion) -> Result<Client, RedisError> {
        match self {
            Endpoint::Server { host, port, access } => access.client(host, *port, protocol),
            Endpoint::Sentinel { client, access } => {
                let found = client.lock().await.async_get_client().await?;
                let info = found.get_connection_info().clone().set_redis_settings(access.redis(protocol));
                match access.certificates() {
                    Some(certificates) => Client::build_with_tls(info, certificates),
                    _ => Client::open(info),
                }
            }
        }
    }
}

/// Resolves to addresses of one IP version.
pub(super) struct Resolver(pub Family);

impl AsyncDNSResolver for Resolver {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        let is_meant = |address: &SocketAddr| match self.0 {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        };
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((host, port)).await?.filter(is_meant).collect();
            let addresses: Box<dyn Iterator<Item = SocketAddr> + Send> = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
