// Connects requests and responses of the `worker` crate to a gateway. What is requested does not matter here.

use crate::gateway::{self, Gateway};
use ::worker::{Request, Response, ResponseBuilder, Result};
use futures_util::StreamExt;

/// Answers a request from the web or from one of our stores.
///
/// # Errors
///
/// Those of reading the request: it ended early.
pub async fn answer(gateway: &Gateway, mut request: Request) -> Result<Response> {
    let url = request.url()?;
    let asked = gateway::Request {
        // The crate turns an unknown method into GET, so ask the request itself.
        method: request.inner().method(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        headers: request.headers().entries().collect(),
        body: body(&mut request, gateway.max_request_bytes()).await?,
    };
    let answer = gateway.handle(asked).await;
    let mut building = ResponseBuilder::new().with_status(answer.status);
    for (name, value) in &answer.headers {
        building = building.with_header(name, value)?;
    }
    Ok(if answer.body.is_empty() { building.empty() } else { building.fixed(answer.body) })
}

/// The body, or enough of it to see that it is longer than `most`.
async fn body(request: &mut Request, most: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    if request.inner().body().is_none() {
        return Ok(body);
    }
    let mut chunks = request.stream()?;
    while body.len() <= most
        && let Some(chunk) = chunks.next().await
    {
        body.extend_from_slice(&chunk?);
    }
    Ok(body)
}
