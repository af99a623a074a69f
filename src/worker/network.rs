// HTTP and timers with the `worker` crate. No knowledge of any server's protocol, and no retries.

use super::{Said, message_of, unavailable};
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::{Http, Request, Response, Timer};
use ::worker::web_sys::{self, AbortController, AbortSignal};
use ::worker::{Delay, Fetch, Headers, Method, RequestInit, RequestRedirect};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

/// The longest delay of a timer.
const LONGEST_TIMER: Duration = Duration::from_millis(i32::MAX as u64);

#[wasm_bindgen]
extern "C" {
    /// Milliseconds of a monotonic clock.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// HTTP with the global `fetch`.
pub(super) struct Web;

impl Http for Web {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        Box::pin(exchange(request, async |request| {
            // Pass the request's signal, or the crate would remove it.
            let signal = request.inner().signal().into();
            Fetch::Request(request).send_with_signal(&signal).await
        }))
    }
}

/// Sends a request with this function, and waits for the whole response.
pub(super) async fn exchange(
    request: Request,
    send: impl AsyncFnOnce(::worker::Request) -> ::worker::Result<::worker::Response>,
) -> Result<Response> {
    let place = request.place();
    let abort = Abort::new()?;
    let sent = made(&request, &abort.0.signal())?;
    let answered = pin!(async {
        let mut response = send(sent).await?;
        Ok(Response {
            status: response.status_code(),
            headers: response.headers().entries().collect(),
            body: response.bytes().await?,
        })
    });
    let answer: ::worker::Result<Response> = match request.timeout {
        None => answered.await,
        Some(timeout) => match select(answered, pin!(sleep(timeout))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => {
                let message = format!("(server) at {place} has not answered in time");
                return Err(Error::new(Kind::Timeout, message).maybe_applied());
            }
        },
    };
    answer.map_err(|error| {
        let message = format!("(server) at {place} cannot be reached, or broke the connection off");
        Error::new(Kind::Unavailable, message).maybe_applied().caused_by(Said(message_of(&error.into())))
    })
}

/// Aborts a request when dropped: it is late, or nobody waits for it any longer. An answered request is not affected.
struct Abort(AbortController);

impl Abort {
    fn new() -> Result<Abort> {
        AbortController::new().map(Abort).map_err(|_| unavailable("(network) is not here"))
    }
}

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Converts the request to the `worker` crate's type.
fn made(request: &Request, signal: &AbortSignal) -> Result<::worker::Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        let refused = |_| Error::invalid_argument("(token) expects characters that a header can carry");
        headers.append(name, value).map_err(refused)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::from(request.method.to_owned()));
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    if !request.body.is_empty() {
        init.with_body(Some(Uint8Array::from(request.body.as_slice()).into()));
    }
    let init = web_sys::RequestInit::from(&init);
    init.set_signal(Some(signal));
    web_sys::Request::new_with_str_and_init(&request.url, &init)
        .map(::worker::Request::from)
        .map_err(|_| Error::invalid_argument("(url) expects one that fetch can reach"))
}

async fn sleep(time: Duration) {
    Delay::from(time.min(LONGEST_TIMER)).await;
}

/// The Worker's timers, which belong to a request.
pub(super) struct Clockwork;

impl Timer for Clockwork {
    fn now_ms(&self) -> u64 {
        performance_now() as u64
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(time))
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        spawn_local(work);
    }
}
