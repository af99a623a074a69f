// Sockets with tokio, for the link over any host's sockets.

use omnikv::backend::BoxFuture;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::network::{Http, Network, Request, Response, Timer, unreachable};
use omnikv::host::socket::{Address, Socket, Sockets};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, Notify};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// A network with sockets. Links with the same number are shared.
pub fn network(shared: Option<u64>) -> Network {
    Network { http: Arc::new(NoHttp), timer: Arc::new(Time), sockets: Some(Arc::new(Tokio(shared))) }
}

struct NoHttp;

impl Http for NoHttp {
    fn send(&self, _: Request) -> BoxFuture<'static, Result<Response>> {
        Box::pin(async { Err(Error::new(Kind::Unsupported, "no HTTP here")) })
    }
}

struct Time;

impl Timer for Time {
    fn now_ms(&self) -> u64 {
        START.elapsed().as_millis() as u64
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let _entered = RUNTIME.enter();
        if time.is_zero() {
            return Box::pin(tokio::task::yield_now());
        }
        Box::pin(tokio::time::sleep(time))
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        RUNTIME.spawn(work);
    }
}

struct Tokio(Option<u64>);

impl Sockets for Tokio {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        Box::pin(async move {
            assert!(address.tls.is_none(), "no TLS here");
            let name = address.to_string();
            let stream = TcpStream::connect((address.host, address.port)).await;
            let stream = stream.map_err(|error| unreachable(&name).caused_by(error))?;
            let (reader, writer) = stream.into_split();
            let stream =
                Stream { reader: Mutex::new(reader), writer: Mutex::new(writer), end: Notify::new() };
            Ok(Arc::new(Connection(Arc::new(stream))) as Arc<dyn Socket>)
        })
    }

    fn shared(&self) -> Option<u64> {
        self.0
    }
}

struct Connection(Arc<Stream>);

struct Stream {
    reader: Mutex<OwnedReadHalf>,
    writer: Mutex<OwnedWriteHalf>,
    end: Notify,
}

impl Socket for Connection {
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>> {
        let stream = Arc::clone(&self.0);
        Box::pin(async move {
            let mut bytes = vec![0; 16 << 10];
            let mut reader = stream.reader.lock().await;
            let length = tokio::select! {
                read = reader.read(&mut bytes) => read.map_err(|_| unavailable("broke off"))?,
                () = stream.end.notified() => 0,
            };
            bytes.truncate(length);
            Ok(bytes)
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let stream = Arc::clone(&self.0);
        Box::pin(async move {
            let written = stream.writer.lock().await.write_all(&bytes).await;
            written.map_err(|_| unavailable("broke off"))
        })
    }

    fn close(&self) {
        self.0.end.notify_one();
        let stream = Arc::clone(&self.0);
        RUNTIME.spawn(async move { stream.writer.lock().await.shutdown().await });
    }
}

fn unavailable(what: &str) -> Error {
    Error::new(Kind::Unavailable, format!("(server) {what}"))
}
