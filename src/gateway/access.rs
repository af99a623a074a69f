// Who may come in: tokens, and pages of other origins. It must not know commands beyond what they do.

use super::{Request, Response, SYNC_HEADER};
use crate::backend::upstash::SPEAKER_HEADER;
use crate::command::{Command, Effect};
use crate::error::{Error, Kind, Result};
use std::fmt;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    All,
    /// What changes nothing.
    ReadOnly,
}

impl Rights {
    /// Whether a command may be run.
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
    /// A token that allows everything.
    pub fn new(secret: impl Into<String>) -> Token {
        Token { secret: secret.into(), rights: Rights::All }
    }

    /// A token that allows what changes nothing.
    pub fn read_only(secret: impl Into<String>) -> Token {
        Token { secret: secret.into(), rights: Rights::ReadOnly }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.secret.is_empty()
    }
}

/// The secret is not shown.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("rights", &self.rights).finish_non_exhaustive()
    }
}

/// What the given token allows; nothing when it is none of these. How long it takes tells their lengths at most: each is
/// compared, to its end.
pub(super) fn rights(tokens: &[Token], given: &[u8]) -> Option<Rights> {
    let mut found = 0_u64;
    for (number, token) in (1..).zip(tokens) {
        let same: Choice = token.secret.as_bytes().ct_eq(given);
        found.conditional_assign(&number, same);
    }
    let at = usize::try_from(found).ok()?.checked_sub(1)?;
    tokens.get(at).map(|token| token.rights)
}

/// An origin whose pages are allowed.
pub(super) struct Origin<'a>(&'a str);

impl<'a> Origin<'a> {
    /// The origin of the page that has sent the request; nothing when it is not a page's.
    ///
    /// # Errors
    ///
    /// Why a page may not.
    pub fn of(request: &'a Request, allowed: &[String]) -> Result<Option<Origin<'a>>, &'static str> {
        let is_allowed = |origin: &str| allowed.iter().any(|known| known == "*" || known == origin);
        match request.header("origin") {
            Some(origin) if is_allowed(origin) => Ok(Some(Origin(origin))),
            Some(_) => Err("NOPERM requests of pages of this origin are not allowed"),
            // An image or a link of a page names no origin, but browsers tell.
            None => match request.header("sec-fetch-site") {
                Some("cross-site" | "same-site") if !is_allowed("*") => {
                    Err("NOPERM requests of pages of another origin are not allowed")
                }
                _ => Ok(None),
            },
        }
    }

    /// Lets the page read the response, and, in the answer to a preflight, send its request.
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
