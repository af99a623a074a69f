// The network as stores use it: HTTP requests and timers. No knowledge of any server's protocol, and no retries.

//! What a host provides to remote stores.

use super::socket::Sockets;
use super::{BoxFuture, MaybeSend};
use crate::error::{Error, Kind, Result};
use std::sync::Arc;
use std::time::Duration;

/// One HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// The URL, without user info, so that it may be shown.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Empty if there is no body.
    pub body: Vec<u8>,
    /// The response headers that are read, in lower case; others may be omitted.
    pub looks_at: &'static [&'static str],
    /// The timeout for the whole response.
    pub timeout: Option<Duration>,
}

impl Request {
    /// The host and port it is sent to.
    pub fn place(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let bare =
            authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        match bare {
            Some(_) => authority.to_owned(),
            None => [authority, if scheme == "http" { ":80" } else { ":443" }].concat(),
        }
    }
}

/// The error if there is no connection to the server at this host and port; nothing has been sent.
pub fn unreachable(place: &str) -> Error {
    Error::new(Kind::Unavailable, format!("(server) at {place} cannot be reached"))
}

/// The error if the connection ended before the answer. The caller decides whether something may have changed.
pub fn broken_off(place: &str) -> Error {
    Error::new(Kind::Unavailable, format!("(server) at {place} broke the connection off"))
}

/// The error if the host does not trust the server's certificate; nothing has been sent.
pub fn untrusted(place: &str) -> Error {
    let message = format!(
        "(server) at {place} could not be trusted: its certificate must be known to the host, or given with the option tls.ca"
    );
    Error::new(Kind::PermissionDenied, message)
}

/// One HTTP response, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// For example `200` or `429`.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header with this name; `name` is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends HTTP requests.
pub trait Http: MaybeSend {
    /// Sends the request and waits for the whole response. Dropping the future cancels the request and closes its
    /// connection.
    ///
    /// # Errors
    ///
    /// `unavailable`, `timeout` or `cancelled` if there was no response, marked `maybe-applied` unless the request
    /// certainly never reached the server. Messages contain no header and no body.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>>;
}

/// Timers and background work.
pub trait Timer: MaybeSend {
    /// A monotonic clock in milliseconds, used for deadlines. It must not jump when the system time is set.
    fn now_ms(&self) -> u64;
    /// Completes after this time. With zero, it completes as soon as possible after everything that is ready now has
    /// run. Dropping the future leaves no timer behind.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
    /// Completes once the currently ready tasks have run; before new I/O is processed, where the host can tell.
    fn soon(&self) -> BoxFuture<'static, ()> {
        self.sleep(Duration::ZERO)
    }
    /// Runs a future in the background.
    fn spawn(&self, work: BoxFuture<'static, ()>);
}

/// What a host provides to remote stores.
#[derive(Clone)]
pub struct Network {
    /// The HTTP client.
    pub http: Arc<dyn Http>,
    /// Timers and background work.
    pub timer: Arc<dyn Timer>,
    /// Sockets; `None` where there are none, as in browsers.
    pub sockets: Option<Arc<dyn Sockets>>,
}

/// This host's network.
#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
pub(crate) fn system() -> Result<Network> {
    super::native::network()
}

/// This host's network.
#[cfg(not(all(feature = "http", not(target_arch = "wasm32"))))]
pub(crate) fn system() -> Result<Network> {
    Err(Error::new(
        Kind::Unsupported,
        "(network) is needed: add \"http\" to omnikv's features in Cargo.toml, or bring one in the options",
    ))
}
