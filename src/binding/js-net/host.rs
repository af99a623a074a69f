// What TypeScript provides (pkg/src/net/net-host.ts): HTTP, timers, and sockets if available. It is not trusted: it may
// return anything.

mod bell;
mod sockets;

pub(super) use sockets::written;

use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::executor;
use bell::Bell;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::host::network::{Http, Network, Request, Response, Timer, unreachable, untrusted};
use omnikv_js::objects::property;
use omnikv_js::reply::Kept;
use omnikv_js::request::leaves_room;

/// The largest response: far larger than any server sends.
const MAX_RESPONSE: usize = 512 << 20;

#[wasm_bindgen]
extern "C" {
    /// What TypeScript provides to one connection.
    #[derive(Clone)]
    pub type Host;

    /// Sends a request; headers are names and values alternately.
    #[wasm_bindgen(method, catch)]
    fn fetch(
        this: &Host,
        method: &str,
        url: &str,
        headers: Array,
        body: Uint8Array,
        timeout_ms: f64,
    ) -> std::result::Result<Exchange, JsValue>;

    /// Milliseconds of a monotonic clock.
    #[wasm_bindgen(method, catch)]
    fn now(this: &Host) -> std::result::Result<f64, JsValue>;

    /// Rings a bell once the reactions of resolved promises have run.
    #[wasm_bindgen(method, catch)]
    fn soon(this: &Host, bell: u32) -> std::result::Result<(), JsValue>;

    /// Rings a bell after this many milliseconds; 0: after everything that is ready has run. Returns an argument for
    /// `stop`.
    #[wasm_bindgen(method, catch)]
    fn sleep(this: &Host, ms: f64, bell: u32) -> std::result::Result<JsValue, JsValue>;

    /// Cancels the bell of a `sleep`: its timer would keep the program alive.
    #[wasm_bindgen(method, catch)]
    fn stop(this: &Host, sleep: &JsValue) -> std::result::Result<(), JsValue>;

    /// `"shared"` if sockets can be shared, `"lent"` if they belong to a request, undefined if there are none.
    #[wasm_bindgen(method, getter, catch)]
    fn sockets(this: &Host) -> std::result::Result<JsValue, JsValue>;

    /// A connecting socket, or `{ failure, cause }`. `tls` is undefined, or `{ ca, cert, key, rejectUnauthorized }`; with
    /// `starts_plain`, it begins later.
    #[wasm_bindgen(method, catch)]
    fn connect(
        this: &Host,
        host: &str,
        port: u16,
        family: u8,
        tls: JsValue,
        starts_plain: bool,
    ) -> std::result::Result<JsValue, JsValue>;

    /// Delivers the reply at this address to the call with this number, immediately.
    #[wasm_bindgen(method, catch)]
    fn settle(this: &Host, id: u32, address: usize) -> std::result::Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// A running request.
    type Exchange;

    /// Resolves to `{ status, headers, body }` or `{ failure, cause }`.
    #[wasm_bindgen(method, getter, catch)]
    fn received(this: &Exchange) -> std::result::Result<JsValue, JsValue>;

    /// Cancels the request, unless it has been answered.
    #[wasm_bindgen(method, catch)]
    fn stop(this: &Exchange) -> std::result::Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The headers of a response.
    type Headers;

    /// The header with this name.
    #[wasm_bindgen(method, catch)]
    fn get(this: &Headers, name: &str) -> std::result::Result<JsValue, JsValue>;
}

impl Host {
    /// Delivers an answer.
    pub fn settled(&self, id: u32, address: usize) {
        // Errors thrown by the caller's code are the caller's.
        let _ = self.settle(id, address);
    }
}

/// The network of a connection, which counts sent requests.
pub(super) fn network(host: &Host, sent: &Rc<Cell<u32>>) -> Network {
    Network {
        http: Arc::new(Fetch { host: host.clone(), sent: Rc::clone(sent) }),
        timer: Arc::new(Clockwork(host.clone())),
        sockets: sockets::of(host),
    }
}

struct Fetch {
    host: Host,
    sent: Rc<Cell<u32>>,
}

impl Http for Fetch {
    fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
        self.sent.set(self.sent.get().wrapping_add(1));
        let headers = Array::new();
        for (name, value) in &request.headers {
            headers.push(&(*name).into());
            headers.push(&value.into());
        }
        let timeout = request.timeout.map_or(f64::INFINITY, |timeout| timeout.as_millis() as f64);
        let body = Uint8Array::from(request.body.as_slice());
        let sent = self.host.fetch(request.method, &request.url, headers, body, timeout);
        let place = request.place();
        Box::pin(async move {
            let sent = Sent(sent.map_err(|_| failure("", &place))?);
            let received = settled(sent.0.received()).await.map_err(|_| failure("", &place))?;
            response(&received, request.looks_at, &place)
        })
    }
}

/// A request that is cancelled when dropped.
struct Sent(Exchange);

impl Drop for Sent {
    fn drop(&mut self) {
        let _ = self.0.stop();
    }
}

struct Clockwork(Host);

impl Timer for Clockwork {
    fn now_ms(&self) -> u64 {
        // The cast saturates.
        self.0.now().unwrap_or_default() as u64
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let bell = Bell::hang();
        match self.0.sleep(time.as_millis() as f64, bell.number()) {
            Ok(timer) => Box::pin(Sleep { host: self.0.clone(), bell, timer, is_over: false }),
            Err(_) => Box::pin(ready(())),
        }
    }

    fn soon(&self) -> BoxFuture<'static, ()> {
        let bell = Bell::hang();
        match self.0.soon(bell.number()) {
            Ok(()) => Box::pin(poll_fn(move |context| bell.poll_rung(context))),
            Err(_) => Box::pin(ready(())),
        }
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        executor::spawn(work);
    }
}

/// A JavaScript timer that is cancelled when dropped.
struct Sleep {
    host: Host,
    bell: Bell,
    timer: JsValue,
    is_over: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let rung = self.bell.poll_rung(context);
        self.is_over = rung.is_ready();
        rung
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.host.stop(&self.timer);
        }
    }
}

/// The result of a promise; any other value is returned unchanged.
async fn settled(promised: std::result::Result<JsValue, JsValue>) -> std::result::Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&promised?)).await
}

fn response(given: &JsValue, looks_at: &[&str], place: &str) -> Result<Response> {
    if let Some(kind) = property(given, "failure").as_string() {
        return Err(caused(failure(&kind, place), &property(given, "cause")));
    }
    let status = property(given, "status").as_f64().unwrap_or_default() as u16;
    let body = property(given, "body").dyn_into::<Uint8Array>().map_err(|_| failure("", place))?;
    let length = body.length() as usize;
    if length > MAX_RESPONSE || !leaves_room(length) {
        return Err(Error::new(Kind::OutOfMemory, "has a reply that does not fit into the memory left")
            .maybe_applied());
    }
    let headers: Headers = property(given, "headers").unchecked_into();
    let header = |name: &&str| Some(((*name).to_owned(), headers.get(name).ok()?.as_string()?));
    let headers = looks_at.iter().filter_map(header).collect();
    Ok(Response { status, headers, body: body.to_vec() })
}

/// Texts; anything else becomes empty.
pub(super) fn words(given: &Array) -> Vec<String> {
    given.iter().map(|word| word.as_string().unwrap_or_default()).collect()
}

/// Why there is no response, in the words of pkg/src/net/net-host.ts.
fn failure(kind: &str, place: &str) -> Error {
    let in_doubt =
        |kind, what: &str| Error::new(kind, ["(server) at ", place, " ", what].concat()).maybe_applied();
    match kind {
        "unsent" => unreachable(place),
        "untrusted" => untrusted(place),
        "headers" => Error::invalid_argument("(token) expects characters that are allowed in an HTTP header"),
        "invalid" => Error::invalid_argument("(url) expects an HTTP address"),
        "timeout" => in_doubt(Kind::Timeout, "has not answered in time"),
        "cancelled" => Error::new(Kind::Cancelled, "(signal) was aborted by the caller").maybe_applied(),
        _ => in_doubt(Kind::Unavailable, "cannot be reached, or broke the connection off"),
    }
}

/// The error with a cause, if JavaScript keeps one under this number.
fn caused(error: Error, number: &JsValue) -> Error {
    match number.as_f64() {
        Some(number) => error.caused_by(Kept(number as u32)),
        None => error,
    }
}
