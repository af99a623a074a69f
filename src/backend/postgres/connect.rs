// How a byte stream to a server comes to be, whoever opens its socket.

use super::settings::Settings;
use crate::backend::BoxFuture;
use crate::error::Result;
use crate::host::MaybeSend;
use tokio::io::{AsyncRead, AsyncWrite};

/// The message that asks a server for TLS; it answers with one byte, `S` or `N`.
pub(super) const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A connection as bytes, encrypted where it should be.
#[cfg(not(target_arch = "wasm32"))]
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// A connection as bytes, encrypted where it should be.
#[cfg(target_arch = "wasm32")]
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin {}
#[cfg(target_arch = "wasm32")]
impl<T: AsyncRead + AsyncWrite + Unpin> Bytes for T {}

/// Opens connections.
pub(super) trait Connect: MaybeSend {
    /// Connects to the first host that can be reached. Dropping the future closes what is half open.
    ///
    /// # Errors
    ///
    /// `unavailable` if no host can be reached; `permission-denied` if its certificate is not trusted; `unsupported` if
    /// it has no TLS although the settings require it.
    fn connect<'a>(&'a self, settings: &'a Settings) -> BoxFuture<'a, Result<Box<dyn Bytes>>>;
}
