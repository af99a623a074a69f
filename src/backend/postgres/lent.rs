// A byte stream over a socket that the host lends.

use super::connect::{Bytes, Connect, TLS_REQUEST};
use super::settings::{Encryption, Settings};
use crate::backend::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::host::network::{broken_off, unreachable};
use crate::host::socket::{Address, Family, Socket, Sockets, Tls};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Opens connections by the host's sockets.
pub(super) struct Lent(pub Arc<dyn Sockets>);

impl Connect for Lent {
    fn connect<'a>(&'a self, settings: &'a Settings) -> BoxFuture<'a, Result<Box<dyn Bytes>>> {
        Box::pin(async move {
            let mut failure = unreachable(&settings.place());
            for (host, port) in &settings.hosts {
                match self.open(host, *port, settings).await {
                    Err(error) if error.kind() == Kind::Unavailable => failure = error,
                    opened => {
                        let (socket, buffer) = (opened?, Vec::new());
                        return Ok(
                            Box::new(Stream { socket, buffer, at: 0, reading: None, writing: None }) as _
                        );
                    }
                }
            }
            Err(failure)
        })
    }
}

impl Lent {
    async fn open(&self, host: &str, port: u16, settings: &Settings) -> Result<Arc<dyn Socket>> {
        // Where connections belong to a request, in Workers, the platform verifies all certificates.
        let can_accept_any = self.0.shared().is_some();
        let any = Tls { accept_any: true, ..Tls::default() };
        let (tls, is_needed) = match &settings.encryption {
            Encryption::Always(tls) => (Some(tls.clone()), true),
            Encryption::IfPossible if self.0.has_tls() => (Some(any), false),
            Encryption::IfPossible | Encryption::Never => (None, false),
        };
        let is_asked_for = tls.is_some();
        let tls = tls.map(|tls| Tls { accept_any: tls.accept_any && can_accept_any, ..tls });
        let address = Address { host: host.to_owned(), port, family: Family::Any, tls, starts_plain: true };
        let place = address.to_string();
        let socket = self.0.connect(address).await?;
        if !is_asked_for {
            return Ok(socket);
        }
        socket.write(TLS_REQUEST.to_vec()).await?;
        match socket.read().await?.as_slice() {
            b"S" => socket.start_tls().await,
            b"N" if !is_needed => Ok(socket),
            b"N" => Err(super::no_tls(&place)),
            b"" => Err(broken_off(&place)),
            _ => Err(Error::new(Kind::Internal, format!("(server) at {place} is no PostgreSQL server"))),
        }
    }
}

/// A socket that is closed when dropped.
struct Stream {
    socket: Arc<dyn Socket>,
    /// Received bytes, of which those before `at` are read.
    buffer: Vec<u8>,
    at: usize,
    reading: Option<BoxFuture<'static, Result<Vec<u8>>>>,
    writing: Option<BoxFuture<'static, Result<()>>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.socket.close();
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.at == this.buffer.len() {
            let reading = this.reading.get_or_insert_with(|| this.socket.read());
            let read = ready!(reading.as_mut().poll(context));
            this.reading = None;
            (this.buffer, this.at) = (read.map_err(io::Error::other)?, 0);
        }
        let rest = &this.buffer[this.at..];
        let length = rest.len().min(out.remaining());
        out.put_slice(&rest[..length]);
        this.at += length;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_flush(context))?;
        let writing = self.socket.write(bytes.to_vec());
        self.writing = Some(writing);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(writing.as_mut().poll(context));
        self.writing = None;
        Poll::Ready(written.map_err(io::Error::other))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        self.socket.close();
        Poll::Ready(Ok(()))
    }
}
