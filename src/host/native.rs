// The system's HTTP client: reqwest, on the runtime's thread. No knowledge of any server's protocol, and no retries.

use super::BoxFuture;
use super::network::{Http, Network, Request, Response, broken_off, unreachable};
use super::runtime::{Clockwork, run, runtime};
use crate::error::{Error, Kind, Result};
use std::sync::{Arc, LazyLock};

/// One client, so that all stores of the process share its open connections.
static CLIENT: LazyLock<Result<reqwest::Client>> = LazyLock::new(|| {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder
        .build()
        .map_err(|_| Error::new(Kind::Unavailable, "(network) could not be set up: TLS is missing"))
});

/// The system's network.
pub(crate) fn network() -> Result<Network> {
    runtime()?;
    let client = CLIENT.clone()?;
    Ok(Network { http: Arc::new(Native(client)), timer: Arc::new(Clockwork), sockets: None })
}

struct Native(reqwest::Client);

impl Http for Native {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        let client = self.0.clone();
        Box::pin(async move {
            run(exchange(client, request)).await.unwrap_or_else(|error| Err(error.maybe_applied()))
        })
    }
}

async fn exchange(client: reqwest::Client, request: Request) -> Result<Response> {
    let method =
        request.method.parse().map_err(|_| Error::invalid_argument("(method) expects one of HTTP"))?;
    let place = request.place();
    let mut building = client.request(method, &request.url).body(request.body);
    for (name, value) in &request.headers {
        building = building.header(*name, value);
    }
    if let Some(timeout) = request.timeout {
        building = building.timeout(timeout);
    }
    let failure = |error| failure(error, &place);
    let response = building.send().await.map_err(failure)?;
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    Ok(Response {
        status: response.status().as_u16(),
        headers: response.headers().iter().filter_map(header).collect(),
        body: response.bytes().await.map_err(failure)?.to_vec(),
    })
}

/// reqwest's message may contain the whole URL, so it is not shown.
fn failure(error: reqwest::Error, place: &str) -> Error {
    let failure = if error.is_builder() {
        Error::invalid_argument("(url) expects one that HTTP can reach")
    } else if error.is_connect() {
        unreachable(place)
    } else if error.is_timeout() {
        let message = format!("(server) at {place} has not answered in time");
        Error::new(Kind::Timeout, message).maybe_applied()
    } else {
        broken_off(place).maybe_applied()
    };
    failure.caused_by(error.without_url())
}
