// What the place in which the command line runs lends it. No verb belongs here.

//! What a host lends to the command line.

use crate::shell::Assist;
use omnikv::backend::BoxFuture;
use omnikv::gateway::{Request, Response};
use omnikv::session::Server;
use omnikv::{Options, Result, Store};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Standard input, output or error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard input.
    In,
    /// Standard output: data.
    Out,
    /// Standard error: talk, progress, errors.
    Err,
}

/// What the user has typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// A line, or several that belong together.
    Line(String),
    /// Nothing: the line was cancelled.
    Cancelled,
    /// The end of the input.
    End,
}

/// Reads lines from the user.
pub trait Editor {
    /// The next line. On a terminal it shows the prompt.
    ///
    /// # Errors
    ///
    /// Those of the system.
    fn read(&mut self, prompt: &str) -> io::Result<Edited>;
}

/// Answers HTTP requests.
pub trait Handled: Send + Sync {
    /// The most bytes of a body; of a longer one, one more is enough.
    fn max_request_bytes(&self) -> usize;

    /// The response to a request.
    fn handle(self: Arc<Self>, request: Request) -> BoxFuture<'static, Response>;
}

/// A server's URL, and a future that serves until a signal comes and all requests are answered.
pub type Listening = (String, BoxFuture<'static, io::Result<()>>);

/// What a host lends. All functions may be called at any time.
pub trait Host: Send + Sync {
    /// Reads from standard input; 0 bytes at its end.
    ///
    /// # Errors
    ///
    /// Those of the system.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of these bytes; output may be buffered.
    ///
    /// # Errors
    ///
    /// Those of the system. `BrokenPipe` ends the program in silence.
    fn write(&self, to: Stream, bytes: &[u8]) -> io::Result<()>;

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn flush(&self) -> io::Result<()>;

    /// The columns of the terminal; nothing if the stream is none.
    fn terminal(&self, stream: Stream) -> Option<usize>;

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;

    /// Time that has passed since some moment; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Completes after this time.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;

    /// Completes when the user wants the program to end: SIGINT, SIGTERM. From the first call on, such a signal does not
    /// end the program by itself; a second one does.
    fn interrupted(&self) -> BoxFuture<'static, ()>;

    /// Opens a store.
    fn open(&self, url: String, options: Options) -> BoxFuture<'static, Result<Store>>;

    /// Begins to read lines that the user types, with a history.
    ///
    /// # Errors
    ///
    /// Those of the system.
    fn editor(&self, assist: Arc<Assist>) -> io::Result<Box<dyn Editor>>;

    /// Begins to listen for HTTP requests.
    fn listen(
        &self,
        host: &str,
        port: u16,
        handled: Arc<dyn Handled>,
    ) -> BoxFuture<'static, io::Result<Listening>>;

    /// Begins to listen for clients of Redis's protocol; `start` gets the port. A client that sends nothing for as long as
    /// `idle` is cut off.
    fn listen_resp(
        &self,
        _host: &str,
        _port: u16,
        _idle: Option<Duration>,
        _start: Box<dyn FnOnce(u16) -> Result<Arc<Server>> + Send>,
    ) -> BoxFuture<'static, io::Result<Listening>> {
        let message = "this build of the command line serves no Redis protocol";
        Box::pin(std::future::ready(Err(io::Error::new(io::ErrorKind::Unsupported, message))))
    }

    /// A random number, which nobody can guess.
    fn random(&self) -> u64;
}
