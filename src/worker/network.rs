// HTTP and time by the `worker` crate. It must not know any server's protocol, and must not retry.

use super::unavailable;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::network::{Http, Request, Response, Timer};
use ::worker::{AbortController, AbortSignal, Delay, Fetch, Headers, Method, RequestInit, RequestRedirect};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen_futures::spawn_local;

/// The longest time that a timer takes.
const LONGEST_TIMER: Duration = Duration::from_millis(i32::MAX as u64);

/// The web.
pub(super) struct Web;

impl Http for Web {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        Box::pin(exchange(request, async |request, signal| {
            Fetch::Request(request).send_with_signal(&signal).await
        }))
    }
}

/// Sends a request in this way, and waits for the whole response.
pub(super) async fn exchange(
    request: Request,
    send: impl AsyncFnOnce(::worker::Request, AbortSignal) -> ::worker::Result<::worker::Response>,
) -> Result<Response> {
    let sent = made(&request)?;
    let abort = AbortController::default();
    let signal = abort.signal();
    let answered = pin!(async {
        let mut response = send(sent, signal).await?;
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
                abort.abort();
                let error = Error::new(Kind::Timeout, "(server) has not answered in time");
                return Err(error.maybe_applied());
            }
        },
    };
    // What is thrown may quote the URL or a header: it is not shown.
    answer.map_err(|_| unavailable("(server) cannot be reached, or broke the connection off").maybe_applied())
}

/// The request as the web has it.
fn made(request: &Request) -> Result<::worker::Request> {
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
    ::worker::Request::new_with_init(&request.url, &init)
        .map_err(|_| Error::invalid_argument("(url) expects one that fetch can reach"))
}

async fn sleep(time: Duration) {
    Delay::from(time.min(LONGEST_TIMER)).await;
}

/// The Worker's timers, which belong to a request.
pub(super) struct Clockwork;

impl Timer for Clockwork {
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(sleep(time))
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        spawn_local(work);
    }
}
