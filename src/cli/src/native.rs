// The operating system as a host.

//! The programs' own host: the operating system.

use crate::host::{Host, Stream};
use crate::{Tool, run};
use omnikv::backend::BoxFuture;
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

/// Whether a signal has come; the handler is installed when somebody wants to know.
static INTERRUPTED: LazyLock<watch::Receiver<bool>> = LazyLock::new(|| {
    let (sender, receiver) = watch::channel(false);
    // If there is a handler already, signals end the program as before.
    _ = ctrlc::set_handler(move || {
        // The second one does not wait.
        if sender.send_replace(true) {
            std::process::exit(130);
        }
    });
    receiver
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
        let mut interrupted = INTERRUPTED.clone();
        Box::pin(async move {
            if interrupted.wait_for(|is_interrupted| *is_interrupted).await.is_err() {
                // No handler could be installed.
                std::future::pending::<()>().await;
            }
        })
    }

    fn open(&self, url: String, options: Options) -> BoxFuture<'static, Result<Store>> {
        Box::pin(async move { Store::connect(&url, options).await })
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}
