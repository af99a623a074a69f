// Sockets with the `worker` crate. A connection belongs to the request that opened it. No knowledge of any protocol.

use super::Said;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::{broken_off, unreachable};
use crate::host::socket::{Address, Family, Socket, Sockets, Tls};
use ::worker::{ConnectionBuilder, SecureTransport};
use futures_util::FutureExt;
use std::cell::RefCell;
use std::future::{poll_fn, ready as at_once};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::ready;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of one read.
const CHUNK: usize = 64 << 10;

/// A Worker's way to connect. Connections are not shared: another request could not use them.
pub(super) struct Connections;

impl Sockets for Connections {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        let name = address.to_string();
        let Address { host, port, family, tls, starts_plain: _ } = address;
        if family != Family::Any || !tls.as_ref().is_none_or(Tls::is_plain) {
            let message = "(family, tls.ca, ...) cannot be chosen in a Worker: the platform looks names up and checks certificates itself";
            return Box::pin(at_once(Err(Error::new(Kind::Unsupported, message))));
        }
        let transport = if tls.is_some() { SecureTransport::On } else { SecureTransport::Off };
        let connected = ConnectionBuilder::new().secure_transport(transport).connect(host, port);
        Box::pin(async move {
            let refusal = |error: ::worker::Error| unreachable(&name).caused_by(Said(error.to_string()));
            let socket = Open(connected.map_err(refusal)?);
            socket.0.opened().await.map_err(refusal)?;
            let socket = Rc::new(RefCell::new(socket));
            Ok(Arc::new(Connection { socket, name }) as Arc<dyn Socket>)
        })
    }
}

/// A socket that is closed when dropped, even while it is connecting.
struct Open(::worker::Socket);

impl Open {
    fn close(&mut self) {
        // Closing starts at once, and nobody waits for it to finish. A closed socket stays closed.
        let _ = self.0.close().now_or_never();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close();
    }
}

/// Reader and writer borrow it in turns: neither holds it while waiting.
struct Connection {
    socket: Rc<RefCell<Open>>,
    /// The server's host and port.
    name: String,
}

impl Socket for Connection {
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>> {
        let (socket, name) = (Rc::clone(&self.socket), self.name.clone());
        Box::pin(async move {
            let mut chunk = vec![0; CHUNK];
            let length = poll_fn(|context| {
                let mut buffer = ReadBuf::new(&mut chunk);
                let read = Pin::new(&mut socket.borrow_mut().0).poll_read(context, &mut buffer);
                read.map_ok(|()| buffer.filled().len())
            });
            let length = length.await.map_err(|error| broken_off(&name).caused_by(error))?;
            chunk.truncate(length);
            Ok(chunk)
        })
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        let (socket, name) = (Rc::clone(&self.socket), self.name.clone());
        Box::pin(async move {
            let mut rest = bytes.as_slice();
            let written = poll_fn(|context| {
                while !rest.is_empty() {
                    let mut socket = socket.borrow_mut();
                    let length = ready!(Pin::new(&mut socket.0).poll_write(context, rest))?;
                    rest = rest.get(length..).unwrap_or_default();
                }
                std::task::Poll::Ready(Ok(()))
            });
            written.await.map_err(|error: std::io::Error| broken_off(&name).caused_by(error))
        })
    }

    fn close(&self) {
        self.socket.borrow_mut().close();
    }
}
