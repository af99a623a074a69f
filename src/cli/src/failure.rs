// Why a run has failed, and the exit code that says so. What is done about it is decided where it is printed.

use omnikv::{Error, Kind};
use std::io;

/// The exit codes, as `--help` documents them.
pub const CODES: &str = "\
Exit codes:
  0  success
  1  missing, or false
  2  usage: a wrong argument, or an unknown command or URL
  3  conflict, or a lock that another holds
  4  unavailable: no connection, a timeout, a rate limit
  5  refused: wrong type, malformed value, too large, out of memory
  6  permission denied
  7  not supported by this store
  8  internal error";

/// Missing, or false.
pub const MISSING: u8 = 1;
/// A wrong argument.
pub const USAGE: u8 = 2;
/// Something else is there, or somebody else.
pub const CONFLICT: u8 = 3;
/// No answer.
pub const UNAVAILABLE: u8 = 4;

/// Why a run has failed.
#[derive(Debug)]
pub enum Failure {
    /// The user has asked wrongly; the text says how to ask.
    Usage(String),
    /// What clap says about arguments, and its help.
    Arguments(clap::Error),
    /// The store's error.
    Store(Error),
    /// The terminal, a pipe or a file.
    Io(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Store(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Failure {
        Failure::Arguments(error)
    }
}

impl Failure {
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure::Usage(text.into())
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => USAGE,
            Failure::Arguments(error) if error.use_stderr() => USAGE,
            Failure::Arguments(_) => 0,
            // Who reads our output has seen enough.
            Failure::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Failure::Io(_) => 8,
            Failure::Store(error) => code_of(error.kind()),
        }
    }

    /// What to do next, where a general word helps.
    pub fn hint(&self, words: &str) -> Option<String> {
        let Failure::Store(error) = self else { return None };
        Some(match error.kind() {
            Kind::Unavailable | Kind::Timeout => format!("Try: {words} doctor"),
            Kind::RateLimited => "Try again in a moment.".to_owned(),
            Kind::Conflict if error.op() == "copy" => {
                "Try: --keep leaves what is there, --overwrite replaces it".to_owned()
            }
            Kind::Conflict if error.op().starts_with("records.") => {
                format!("Read it again ({words} get key KEY), then write with --if-version and its version.")
            }
            Kind::WrongType => format!("Try: {words} TYPE KEY"),
            Kind::PermissionDenied => {
                "Check the user and the password or token in the URL, or OMNIKV_TOKEN.".to_owned()
            }
            Kind::OutOfMemory => "Delete keys, or raise the store's limit.".to_owned(),
            _ => return None,
        })
    }
}

fn code_of(kind: Kind) -> u8 {
    match kind {
        Kind::NotFound => MISSING,
        Kind::InvalidArgument => USAGE,
        Kind::Conflict => CONFLICT,
        Kind::Unavailable | Kind::Timeout | Kind::RateLimited | Kind::Cancelled | Kind::Closed => UNAVAILABLE,
        Kind::InvalidValue | Kind::WrongType | Kind::TooLarge | Kind::OutOfMemory => 5,
        Kind::PermissionDenied => 6,
        Kind::Unsupported => 7,
        _ => 8,
    }
}
