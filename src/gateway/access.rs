// Access control: tokens, and pages of other origins. Of commands, only their effect matters here.

use super::{Request, Response, SYNC_HEADER};
use crate::backend::upstash::SPEAKER_HEADER;
use crate::command::{Command, Effect};
use crate::error::{Error, Kind, Result};
use std::fmt;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    All,
    /// Read-only commands.
    ReadOnly,
}

impl Rights {
    /// Checks whether a command is allowed.
    pub(super) fn allow(self, command: &Command) -> Result<()> {
        if self == Rights::All || command.effect() == Effect::Read {
            return Ok(());
        }
        let name = command.name().replace('-', "");
        let message = ["this user has no permissions to run the '", &name, "' command"].concat();
        Err(Error::new(Kind::PermissionDenied, message))
    }
}

/// A bearer token.
#[derive(Clone)]
pub struct Token {
    secret: String,
    rights: Rights,
}

impl Token {
    /// Creates a token that allows everything.
    pub fn new(secret: impl Into<String>) -> Token {
        Token { secret: secret.into(), rights: Rights::All }
    }

    /// Creates a token that only allows commands that change nothing.
    pub fn read_only(secret: impl Into<String>) -> Token {
        Token { secret: secret.into(), rights: Rights::ReadOnly }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.secret.is_empty()
    }
}

/// Hides the secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("rights", &self.rights).finish_non_exhaustive()
    }
}

/// The rights of the given token; `None` if it is unknown. Every token is compared to its end, so the time reveals at
/// most the tokens' lengths.
pub(super) fn rights(tokens: &[Token], given: &[u8]) -> Option<Rights> {
    let mut found = 0_u64;
    for (number, token) in (1..).zip(tokens) {
        let same: Choice = token.secret.as_bytes().ct_eq(given);
        found.conditional_assign(&number, same);
    }
    let at = usize::try_from(found).ok()?.checked_sub(1)?;
    tokens.get(at).map(|token| token.rights)
}

/// An allowed origin.
pub(super) struct Origin<'a>(&'a str);

impl<'a> Origin<'a> {
    /// The origin of the page that sent the request; `None` if it does not come from a page.
    ///
    /// # Errors
    ///
    /// Why the page is not allowed.
    pub fn of(request: &'a Request, allowed: &[String]) -> Result<Option<Origin<'a>>, &'static str> {
        let is_allowed = |origin: &str| allowed.iter().any(|known| known == "*" || known == origin);
        match request.header("origin") {
            Some(origin) if is_allowed(origin) => Ok(Some(Origin(origin))),
            Some(_) => Err("NOPERM requests of pages of this origin are not allowed"),
            // Requests for a page's images or links carry no origin, but browsers send this header.
            None => match request.header("sec-fetch-site") {
                Some("cross-site" | "same-site") if !is_allowed("*") => {
                    Err("NOPERM requests of pages of another origin are not allowed")
                }
                _ => Ok(None),
            },
        }
    }

    /// Adds the headers that let the page read the response and, in the answer to a preflight, send its request.
    pub fn open(self, response: Response, request: &Request) -> Response {
        let response = response
            .with("access-control-allow-origin", self.0)
            .with("access-control-expose-headers", format!("{SPEAKER_HEADER}, {SYNC_HEADER}, retry-after"))
            .with("vary", "origin");
        if request.method != "OPTIONS" {
            return response;
        }
        let is_names =
            |names: &&str| names.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_, ".contains(&b));
        let headers = request.header("access-control-request-headers").filter(is_names);
        response
            .with("access-control-allow-methods", "GET, HEAD, POST, PUT")
            .with("access-control-allow-headers", headers.unwrap_or("authorization, content-type"))
            .with("access-control-max-age", "86400")
    }
}
