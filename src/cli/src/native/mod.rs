// The operating system as a host.

//! The programs' own host: the operating system.

mod lines;
mod resp;
mod server;

use crate::host::{Editor, Handled, Host, Listening, Stream};
use crate::shell::Assist;
use crate::{Tool, run};
use omnikv::backend::BoxFuture;
use omnikv::session::Server;
use omnikv::{Options, Result, Store};
use std::io::{self, BufWriter, IsTerminal, Read, Stdout, Write};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use terminal_size::{Width, terminal_size_of};
use tokio::sync::watch;

/// Runs one of the programs with the arguments and the terminal of this process.
pub fn main(tool: Tool) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{}: cannot start: {error}", tool.name());
            return ExitCode::from(8);
        }
    };
    let host = Arc::new(System::new());
    let code = runtime.block_on(run(tool, std::env::args_os().collect(), host));
    ExitCode::from(code)
}

/// The operating system.
pub struct System {
    begun: Instant,
    out: Mutex<BufWriter<Stdout>>,
}

impl System {
    fn new() -> System {
        System { begun: Instant::now(), out: Mutex::new(BufWriter::new(io::stdout())) }
    }
}

/// Tells of signals; the handler is installed when somebody first wants to know.
static SIGNALS: LazyLock<watch::Sender<()>> = LazyLock::new(|| {
    let (sender, _) = watch::channel(());
    let told = sender.clone();
    // If there is a handler already, signals end the program as before.
    _ = ctrlc::set_handler(move || {
        // Nobody ends by himself: what runs does not look for signals, or has been told before.
        if told.receiver_count() == 0 {
            std::process::exit(130);
        }
        told.send_replace(());
    });
    sender
});

impl Host for System {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match io::stdin().lock().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn write(&self, to: Stream, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        match to {
            Stream::Out => out.write_all(bytes),
            Stream::In | Stream::Err => {
                // In order, where both are one terminal.
                out.flush()?;
                io::stderr().lock().write_all(bytes)
            }
        }
    }

    fn flush(&self) -> io::Result<()> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }

    fn terminal(&self, stream: Stream) -> Option<usize> {
        let (is_terminal, size) = match stream {
            Stream::In => (io::stdin().is_terminal(), terminal_size_of(io::stdin())),
            Stream::Out => (io::stdout().is_terminal(), terminal_size_of(io::stdout())),
            Stream::Err => (io::stderr().is_terminal(), terminal_size_of(io::stderr())),
        };
        is_terminal.then(|| size.map_or(80, |(Width(width), _)| usize::from(width).max(20)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn interrupted(&self) -> BoxFuture<'static, ()> {
        let mut signals = SIGNALS.subscribe();
        Box::pin(async move {
            // The sender is never dropped.
            _ = signals.changed().await;
        })
    }

    fn open(&self, url: String, options: Options) -> BoxFuture<'static, Result<Store>> {
        Box::pin(async move { Store::connect(&url, options).await })
    }

    fn editor(&self, assist: Arc<Assist>) -> io::Result<Box<dyn Editor>> {
        match io::stdin().is_terminal() {
            true => Ok(Box::new(lines::Terminal::new(assist)?)),
            false => Ok(Box::new(lines::Piped::new(assist))),
        }
    }

    fn listen(
        &self,
        host: &str,
        port: u16,
        handled: Arc<dyn Handled>,
    ) -> BoxFuture<'static, io::Result<Listening>> {
        let (host, interrupted) = (host.to_owned(), self.interrupted());
        Box::pin(server::listen(host, port, handled, interrupted))
    }

    fn listen_resp(
        &self,
        host: &str,
        port: u16,
        idle: Option<Duration>,
        start: Box<dyn FnOnce(u16) -> Result<Arc<Server>> + Send>,
    ) -> BoxFuture<'static, io::Result<Listening>> {
        let (host, interrupted) = (host.to_owned(), self.interrupted());
        Box::pin(resp::listen(host, port, idle, start, interrupted))
    }

    fn random(&self) -> u64 {
        // Of the system, for each process and each call.
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(Instant::now())
    }
}

/// The name under which a server that listens on this address can be reached from here.
fn reachable(host: &str) -> String {
    match host {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    }
}
