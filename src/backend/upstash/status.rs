// The meaning of a response's status. The body is not looked at.

use super::RETRY_HEADER;
use crate::backend::retry::Failure;
use crate::error::{Error, Kind};
use crate::host::network::Response;
use std::time::Duration;

/// Returns the response if it contains an answer, otherwise the error.
pub(super) fn check(response: Response) -> Result<Response, Failure> {
    let (kind, message, maybe_applied) = match response.status {
        // If the command is wrong, the body says so.
        200..300 | 400 => return Ok(response),
        401 | 403 => (Kind::PermissionDenied, "(token) was refused by the server", false),
        404 | 405 => {
            (Kind::Unsupported, "(url) leads to a server that has not all of Upstash's REST protocol", false)
        }
        413 => (Kind::TooLarge, "(value) is larger than the server takes", false),
        300..400 => (Kind::Unsupported, "(url) leads to a server that sends elsewhere", false),
        429 => (Kind::RateLimited, "(server) asks to slow down", false),
        _ => (Kind::Unavailable, "(server) has failed to answer", true),
    };
    let retry_after = response.header(RETRY_HEADER).and_then(|seconds| seconds.trim().parse().ok());
    let error = Error::new(kind, message);
    let error = if maybe_applied { error.maybe_applied() } else { error };
    Err(Failure { error, retry_after: retry_after.map(Duration::from_secs) })
}
