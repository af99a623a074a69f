// The network as stores use it: HTTP requests and time to wait. It must not know any server's protocol, and must not retry.

//! What a host lends to stores that are elsewhere.

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
    /// Where to; it holds no user info, so that it may be shown.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// Which headers of the response are looked at, in lower case: the others may be left out.
    pub looks_at: &'static [&'static str],
    /// How long to wait for the whole response.
    pub timeout: Option<Duration>,
}

impl Request {
    /// Whom it is sent to: host and port.
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

/// There is no connection to a server at this host and port; nothing has been sent.
pub fn unreachable(place: &str) -> Error {
    Error::new(Kind::Unavailable, format!("(server) at {place} cannot be reached"))
}

/// The connection to a server at this host and port has ended before the answer. Whether that may have changed something is for the caller
/// to say.
pub fn broken_off(place: &str) -> Error {
    Error::new(Kind::Unavailable, format!("(server) at {place} broke the connection off"))
}

/// A server at this host and port shows a certificate that the host does not trust; nothing has been sent.
pub fn untrusted(place: &str) -> Error {
    let message = format!(
        "(server) at {place} could not be trusted: its certificate must be known to the host, or given with the option tls.ca"
    );
    Error::new(Kind::PermissionDenied, message)
}

/// One HTTP response, whatever its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// `200`, `429`, ...
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A way to send HTTP requests.
pub trait Http: MaybeSend {
    /// Sends the request and waits for the whole response. Dropping the future gives the request up: its connection is closed.
    ///
    /// # Errors
    ///
    /// `unavailable`, `timeout` or `cancelled` when no response came, marked `maybe-applied` unless the request certainly
    /// never reached the server. No message shows a header or a body.
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>>;
}

/// A way to wait.
pub trait Timer: MaybeSend {
    /// Milliseconds since a moment that stays the same. Deadlines are measured by it, so it must not follow when somebody sets the
    /// time of day.
    fn now_ms(&self) -> u64;
    /// Is done after this time. Zero: once everything that is ready to run now has run, as soon as the host can. Dropping the future
    /// leaves no timer behind.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
    /// Is done once the tasks that are awake now have run: before anything new comes in, where the host can tell.
    fn soon(&self) -> BoxFuture<'static, ()> {
        self.sleep(Duration::ZERO)
    }
    /// Does something in the background.
    fn spawn(&self, work: BoxFuture<'static, ()>);
}

/// What a host lends to stores that are elsewhere.
#[derive(Clone)]
pub struct Network {
    /// HTTP.
    pub http: Arc<dyn Http>,
    /// Time, and background work.
    pub timer: Arc<dyn Timer>,
    /// Sockets; nothing where there are none, as in browsers.
    pub sockets: Option<Arc<dyn Sockets>>,
}

/// The network of this place.
#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
pub(crate) fn system() -> Result<Network> {
    super::native::network()
}

/// The network of this place.
#[cfg(not(all(feature = "http", not(target_arch = "wasm32"))))]
pub(crate) fn system() -> Result<Network> {
    Err(Error::new(
        Kind::Unsupported,
        "(network) is needed: add \"http\" to omnikv's features in Cargo.toml, or bring one in the options",
    ))
}
