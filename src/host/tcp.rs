// The system's sockets: tokio's, on the runtime's thread. Without TLS, no knowledge of any protocol, and no retries.

use super::BoxFuture;
use super::network::{broken_off, unreachable};
use super::socket::{Address, Family, Socket, Sockets};
use crate::error::{Error, Kind, Result};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How many bytes are read at once.
const PIECE: usize = 16 << 10;

/// Connects from work that runs on the runtime.
pub(crate) struct Tcp;

impl Sockets for Tcp {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        Box::pin(async move {
            let name = address.to_string();
            if address.tls.is_some() {
                return Err(Error::new(Kind::Unsupported, "(url) needs TLS, which is not here"));
            }
            let open = async {
                let is_meant = |found: &std::net::SocketAddr| match address.family {
                    Family::Any => true,
                    Family::V4 => found.is_ipv4(),
                    Family::V6 => found.is_ipv6(),
                };
                let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await?;
                let stream = TcpStream::connect(&*found.filter(is_meant).collect::<Vec<_>>()).await?;
                stream.set_nodelay(true)?;
                Ok::<_, std::io::Error>(stream)
            };
            let stream = open.await.map_err(|error| unreachable(&name).caused_by(error))?;
            Ok(Arc::new(Connection(Arc::new(Inner { stream, name, end: Notify::new() }))) as Arc<dyn Socket>)
        })
    }

    fn has_tls(&self) -> bool {
        false
    }
}

struct Connection(Arc<Inner>);

struct Inner {
    stream: TcpStream,
    name: String,
    end: Notify,
}

impl Inner {
    async fn read(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; PIECE];
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => {
                    bytes.truncate(read?);
                    return Ok(bytes);
                }
            }
        }
    }

    async fn write(&self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => bytes = bytes.get(written?..).unwrap_or_default(),
            }
        }
        Ok(())
    }
}

impl Socket for Connection {
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let ended = std::pin::pin!(inner.end.notified());
            let reading = std::pin::pin!(inner.read());
            match futures_util::future::select(ended, reading).await {
                futures_util::future::Either::Left(_) => Ok(Vec::new()),
                futures_util::future::Either::Right((read, _)) => {
                    read.map_err(|error| broken_off(&inner.name).caused_by(error))
                }
            }
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.write(&bytes).await.map_err(|error| broken_off(&inner.name).caused_by(error))
        })
    }

    fn close(&self) {
        // The socket itself closes when the last reference is dropped.
        self.0.end.notify_one();
    }
}
