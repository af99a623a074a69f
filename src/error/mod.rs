// The error type, and the table of its kinds. No knowledge of operations, backends or hosts.

mod reason;

pub(crate) use reason::{Clash, Form, Reason};

use std::fmt;
use std::sync::Arc;

/// The result of every fallible operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as one word that is the same in every language.
///
/// [`Kind::code`] is the case's name in WIT, `error.code` in JavaScript and the last word of the CLI's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An argument is malformed or out of range: an empty key, a negative TTL, too few arguments.
    InvalidArgument,
    /// The stored value does not fit the operation: `incr` on text, or reading bytes that are not UTF-8 as text.
    InvalidValue,
    /// Something does not exist: `rename` or `lset` of a missing key.
    NotFound,
    /// The key holds another type: `lpush` on a hash.
    WrongType,
    /// A check failed: a compare-and-set lost a race, or a transaction's checks no longer hold.
    Conflict,
    /// A key or value is larger than the store allows.
    TooLarge,
    /// The store has reached its memory limit; nothing was changed.
    OutOfMemory,
    /// This store or host does not support it; the message names an alternative.
    Unsupported,
    /// The server rejects these credentials or this command.
    PermissionDenied,
    /// The server asks the client to slow down.
    RateLimited,
    /// The server cannot be reached or dropped the connection.
    Unavailable,
    /// No answer came in time.
    Timeout,
    /// The caller cancelled the operation.
    Cancelled,
    /// The store has been closed.
    Closed,
    /// A bug in this library, or a malformed answer from the server.
    Internal,
}

/// Each kind with its code. Redis's words for it are in the dialect.
const KINDS: [(Kind, &str); 15] = [
    (Kind::InvalidArgument, "invalid-argument"),
    (Kind::InvalidValue, "invalid-value"),
    (Kind::NotFound, "not-found"),
    (Kind::WrongType, "wrong-type"),
    (Kind::Conflict, "conflict"),
    (Kind::TooLarge, "too-large"),
    (Kind::OutOfMemory, "out-of-memory"),
    (Kind::Unsupported, "unsupported"),
    (Kind::PermissionDenied, "permission-denied"),
    (Kind::RateLimited, "rate-limited"),
    (Kind::Unavailable, "unavailable"),
    (Kind::Timeout, "timeout"),
    (Kind::Cancelled, "cancelled"),
    (Kind::Closed, "closed"),
    (Kind::Internal, "internal"),
];

impl Kind {
    /// Every kind, in the order of the WIT enum.
    pub fn all() -> impl Iterator<Item = Kind> {
        KINDS.into_iter().map(|(kind, _)| kind)
    }

    /// The kind's name everywhere outside Rust, for example `wrong-type`.
    pub fn code(self) -> &'static str {
        KINDS.into_iter().find(|(kind, _)| *kind == self).map_or("internal", |(_, code)| code)
    }

    /// The kind with this [`code`](Kind::code).
    pub fn from_code(code: &str) -> Option<Kind> {
        KINDS.into_iter().find(|(_, name)| *name == code).map(|(kind, _)| kind)
    }

    /// Whether the same call may succeed a moment later.
    fn is_transient(self) -> bool {
        matches!(self, Kind::Unavailable | Kind::Timeout | Kind::RateLimited | Kind::Conflict)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an operation failed. It never contains a user's value or a secret.
///
/// It is one pointer wide: every operation's result carries it, and failures are rare.
#[derive(Clone)]
pub struct Error(Box<Details>);

#[derive(Clone)]
struct Details {
    kind: Kind,
    maybe_applied: bool,
    op: &'static str,
    backend: &'static str,
    reason: Reason,
    message: Box<str>,
    source: Option<Source>,
}

/// What the platform says of a failure.
pub(crate) type Source = Arc<dyn std::error::Error + Send + Sync>;

impl Error {
    /// Creates an error; the message names the argument and the fix.
    pub fn new(kind: Kind, message: impl Into<Box<str>>) -> Error {
        Error::made(kind, Reason::Other, message.into())
    }

    /// Creates an error for a reason that Redis also has words for.
    #[cold]
    pub(crate) fn because(reason: Reason) -> Error {
        Error::made(reason.kind(), reason.clone(), reason.message().into())
    }

    /// Creates an error of this kind from a server's message.
    #[cfg(feature = "net")]
    pub(crate) fn said(kind: Kind, text: &str) -> Error {
        let reason = Reason::Said(text.into());
        let message = reason.message().into();
        Error::made(kind, reason, message)
    }

    /// An error that has come as its kind and its message, from another module of the npm package: no public API.
    #[doc(hidden)]
    pub fn from_message(kind: Kind, message: &str) -> Error {
        let reason = match (kind, Reason::of_message(message)) {
            (Kind::WrongType, Reason::Other) => Reason::WrongType(Clash::default()),
            (_, reason) => reason,
        };
        Error::made(kind, reason, message.into())
    }

    fn made(kind: Kind, reason: Reason, message: Box<str>) -> Error {
        let (op, backend) = ("", "");
        Error(Box::new(Details { kind, maybe_applied: false, op, backend, reason, message, source: None }))
    }

    /// An error about an argument; the message names it and the fix.
    pub fn invalid_argument(message: impl Into<Box<str>>) -> Error {
        Error::new(Kind::InvalidArgument, message)
    }

    pub(crate) fn invalid_value(message: impl Into<Box<str>>) -> Error {
        Error::new(Kind::InvalidValue, message)
    }

    /// Sets the operation, unless it is set.
    pub fn in_op(mut self, op: &'static str) -> Error {
        if self.0.op.is_empty() {
            self.0.op = op;
        }
        self
    }

    /// Replaces the operation: the command was asked for by another name.
    pub(crate) fn renamed(mut self, op: &'static str) -> Error {
        self.0.op = op;
        self
    }

    /// Sets the backend, unless it is set.
    pub fn in_backend(mut self, backend: &'static str) -> Error {
        if self.0.backend.is_empty() {
            self.0.backend = backend;
        }
        self
    }

    /// Removes a prefix from the key in the error. A server's error contains no key: `key` is the command's, if it has
    /// only one.
    pub(crate) fn about(mut self, key: Option<&str>, prefix: &str) -> Error {
        let key = match &self.0.reason {
            Reason::WrongType(clash) if !clash.key.is_empty() => &clash.key,
            Reason::Said(_) if self.0.kind == Kind::WrongType => key.unwrap_or_default(),
            _ => return self,
        };
        let key = key.strip_prefix(prefix).unwrap_or(key).into();
        let reason = match &self.0.reason {
            Reason::WrongType(clash) => Reason::WrongType(Clash { key, ..*clash }),
            _ => Reason::WrongType(Clash { key, ..Clash::default() }),
        };
        self.0.message = reason.message().into();
        self.0.reason = reason;
        self
    }

    /// Marks a write that may have happened although no answer came.
    pub fn maybe_applied(mut self) -> Error {
        self.0.maybe_applied = true;
        self
    }

    /// Sets the platform's error, which becomes the [`source`](std::error::Error::source).
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The same, where others hold it too.
    #[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
    pub(crate) fn caused_by_shared(mut self, source: Source) -> Error {
        self.0.source = Some(source);
        self
    }

    /// The same failure, of something that has certainly changed nothing.
    #[cfg(any(feature = "cells", feature = "net"))]
    pub fn not_applied(&self) -> Error {
        let mut error = Error::new(self.kind(), self.message());
        error.0.source.clone_from(&self.0.source);
        error
    }

    /// Copies the cause of another error.
    #[cfg(feature = "net")]
    pub(crate) fn caused_as(mut self, other: &Error) -> Error {
        self.0.source.clone_from(&other.0.source);
        self
    }

    /// What went wrong, as one word.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The reason, as data.
    #[cfg(feature = "net")]
    pub(crate) fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// The operation that failed, for example `hset`; empty if none was running.
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The backend that answered, for example `memory`; empty if none was reached.
    pub fn backend(&self) -> &'static str {
        self.0.backend
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the same call may succeed later and is safe to repeat.
    pub fn is_retryable(&self) -> bool {
        self.0.kind.is_transient() && !self.0.maybe_applied
    }

    /// Whether a write may have happened although no answer came.
    pub fn is_maybe_applied(&self) -> bool {
        self.0.maybe_applied
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.op.is_empty() {
            write!(f, "{} ", self.0.op)?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({}: {self}", self.0.kind)?;
        if !self.0.backend.is_empty() {
            write!(f, ", backend {}", self.0.backend)?;
        }
        if self.0.maybe_applied {
            f.write_str(", may have been applied")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Error {
    /// The platform's error, for example a [`std::io::Error`] in the chain of a refused connection.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// Errors are equal if kind and texts are, regardless of the platform's error.
impl PartialEq for Error {
    fn eq(&self, other: &Error) -> bool {
        let said = |error: &Error| {
            let Details { kind, maybe_applied, op, backend, .. } = *error.0;
            (kind, maybe_applied, op, backend)
        };
        said(self) == said(other) && self.0.reason == other.0.reason && self.0.message == other.0.message
    }
}

impl Eq for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_code() {
        for kind in Kind::all() {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::from_code("oops"), None);
    }

    #[cfg(feature = "net")]
    #[test]
    fn a_recreated_error_has_its_reason() {
        for reason in [
            Reason::WrongType(Clash::default()),
            Reason::Overflow,
            Reason::ValueTooLong(1 << 30),
            Reason::SameKey,
        ] {
            let error = Error::because(reason);
            assert_eq!(Error::from_message(error.kind(), error.message()), error);
        }
        assert_eq!(*Error::from_message(Kind::Internal, "something else").reason(), Reason::Other);
    }

    #[test]
    fn a_wrong_type_names_the_key_and_both_types() {
        let clash = Clash { key: "app:user:1".into(), held: "list", needed: "string" };
        let error = Error::because(Reason::WrongType(clash)).about(None, "app:").in_op("get");
        assert_eq!(error.to_string(), "get key \"user:1\" holds a list, not a string");
        let long = Clash { key: ["a\n", &"\u{e4}".repeat(99)].concat().into(), ..Clash::default() };
        let error = Error::because(Reason::WrongType(long));
        let cut = format!("key \"a?{}...\" holds another type of value", "\u{e4}".repeat(39));
        assert_eq!(error.message(), cut);
    }

    #[test]
    fn the_message_begins_with_the_operation() {
        let error = Error::invalid_argument("(key) expects a non-empty string").in_op("get");
        assert_eq!(error.to_string(), "get (key) expects a non-empty string");
        assert!(!error.is_retryable());
    }
}
