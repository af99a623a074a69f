// Requests and responses of the `worker` crate, before a gateway. It must not know what is asked.

use crate::gateway::{self, Gateway};
use ::worker::{Request, Response, ResponseBuilder, Result};
use futures_util::StreamExt;

/// Answers a request that has come from the web, or from a store of ours.
///
/// # Errors
///
/// Those of the request: it has ended before its time.
pub async fn answer(gateway: &Gateway, mut request: Request) -> Result<Response> {
    let url = request.url()?;
    let asked = gateway::Request {
        // The crate takes a method that it does not know for GET.
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

/// The body, or as much of it as is needed to see that it is more than `most`.
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
