// Sockets provided by TypeScript (pkg/src/net/sockets.ts). They are not trusted: they may return anything.

use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::bell::Bell;
use super::{Host, caused};
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::host::network::{broken_off, unreachable, untrusted};
use omnikv::host::socket::{Address, Family, Socket, Sockets, Tls};
use omnikv_js::objects::{object, property};
use omnikv_js::request::leaves_room;

#[wasm_bindgen]
extern "C" {
    /// A socket.
    #[derive(Clone)]
    type Stream;

    /// True once connected, or `{ failure, cause }`; undefined while connecting: the bell rings when that changes.
    #[wasm_bindgen(method, catch)]
    fn opened(this: &Stream, bell: u32) -> std::result::Result<JsValue, JsValue>;

    /// Received bytes, empty at the end; undefined if there are none yet: the bell rings when that changes.
    #[wasm_bindgen(method, catch)]
    fn read(this: &Stream, bell: u32) -> std::result::Result<JsValue, JsValue>;

    /// Writes all bytes, and returns whether more can be written immediately; if not, the bell rings when it can.
    #[wasm_bindgen(method, catch)]
    fn write(this: &Stream, bytes: Uint8Array, bell: u32) -> std::result::Result<bool, JsValue>;

    /// Begins TLS: what takes its place, connecting, or `{ failure, cause }`.
    #[wasm_bindgen(method, catch, js_name = startTls)]
    fn start_tls(this: &Stream) -> std::result::Result<JsValue, JsValue>;

    /// Closes it immediately, even while connecting.
    #[wasm_bindgen(method, catch)]
    fn close(this: &Stream) -> std::result::Result<(), JsValue>;
}

thread_local! {
    static WRITTEN: Cell<u32> = const { Cell::new(0) };
}

/// How many times any socket has been written to.
pub fn written() -> u32 {
    WRITTEN.get()
}

/// The host's sockets, if any.
pub(super) fn of(host: &Host) -> Option<Arc<dyn Sockets>> {
    let kind = host.sockets().ok()?.as_string()?;
    Some(Arc::new(Lent { host: host.clone(), are_shared: kind == "shared" }))
}

struct Lent {
    host: Host,
    are_shared: bool,
}

impl Sockets for Lent {
    fn connect(&self, address: Address) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        let family = match address.family {
            Family::Any => 0,
            Family::V4 => 4,
            Family::V6 => 6,
        };
        let tls = address.tls.as_ref().map(tls_object).unwrap_or_default();
        let connected = self.host.connect(&address.host, address.port, family, tls, address.starts_plain);
        Box::pin(opened(connected, address.to_string()))
    }

    fn shared(&self) -> Option<u64> {
        self.are_shared.then_some(0)
    }
}

/// The connection, once it is there.
async fn opened(connected: std::result::Result<JsValue, JsValue>, name: String) -> Result<Arc<dyn Socket>> {
    let stream = connected.map_err(|cause| caused(unreachable(&name), &cause))?;
    if let Some(error) = failure(&stream, &name) {
        return Err(error);
    }
    let (readable, writable) = (Rc::new(Bell::hang()), Rc::new(Bell::hang()));
    let connection = Connection { stream: stream.unchecked_into(), readable, writable, name };
    poll_fn(|context| connection.poll_opened(context)).await?;
    Ok(Arc::new(connection) as Arc<dyn Socket>)
}

/// A socket that is closed when dropped.
struct Connection {
    stream: Stream,
    readable: Rc<Bell>,
    writable: Rc<Bell>,
    /// The server's host and port.
    name: String,
}

impl Connection {
    fn poll_opened(&self, context: &mut Context<'_>) -> Poll<Result<()>> {
        loop {
            let opened = self.stream.opened(self.readable.number());
            let opened = opened.map_err(|cause| caused(unreachable(&self.name), &cause))?;
            if let Some(error) = failure(&opened, &self.name) {
                return Poll::Ready(Err(error));
            }
            if opened.is_truthy() {
                return Poll::Ready(Ok(()));
            }
            if self.readable.poll_rung(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

impl Socket for Connection {
    fn read(&self) -> BoxFuture<'static, Result<Vec<u8>>> {
        let (stream, bell, name) = (self.stream.clone(), Rc::clone(&self.readable), self.name.clone());
        let mut has_looked = false;
        Box::pin(poll_fn(move |context| {
            loop {
                if has_looked && bell.poll_rung(context).is_pending() {
                    return Poll::Pending;
                }
                has_looked = true;
                match stream.read(bell.number()) {
                    Ok(nothing) if nothing.is_undefined() => {}
                    Ok(bytes) => return Poll::Ready(received(bytes, &name)),
                    Err(cause) => return Poll::Ready(Err(caused(broken_off(&name), &cause))),
                }
            }
        }))
    }

    fn write(&self, bytes: Vec<u8>) -> BoxFuture<'static, Result<()>> {
        WRITTEN.set(WRITTEN.get().wrapping_add(1));
        let bell = Rc::clone(&self.writable);
        match self.stream.write(Uint8Array::from(bytes.as_slice()), bell.number()) {
            Ok(true) => Box::pin(ready(Ok(()))),
            // If the connection breaks meanwhile, the reader learns it.
            Ok(false) => Box::pin(poll_fn(move |context| bell.poll_rung(context).map(Ok))),
            Err(cause) => Box::pin(ready(Err(caused(broken_off(&self.name), &cause)))),
        }
    }

    fn start_tls(&self) -> BoxFuture<'static, Result<Arc<dyn Socket>>> {
        Box::pin(opened(self.stream.start_tls(), self.name.clone()))
    }

    fn close(&self) {
        // A closed socket stays closed.
        let _ = self.stream.close();
    }
}

fn received(bytes: JsValue, name: &str) -> Result<Vec<u8>> {
    let bytes = bytes.dyn_into::<Uint8Array>().map_err(|_| broken_off(name))?;
    if !leaves_room(bytes.length() as usize) {
        return Err(Error::new(Kind::OutOfMemory, "has a reply that does not fit into the memory left"));
    }
    Ok(bytes.to_vec())
}

/// Why there is no socket, in the words of pkg/src/net/sockets.ts; `None` if there may be one.
fn failure(given: &JsValue, name: &str) -> Option<Error> {
    let error = match property(given, "failure").as_string()?.as_str() {
        "untrusted" => untrusted(name),
        "old" => Error::new(Kind::Unsupported, "(url) needs sockets: Node has them from 20.16 on"),
        "fixed" => Error::new(
            Kind::Unsupported,
            "(family, tls.ca, ...) cannot be chosen in a Worker: the platform looks names up and checks certificates itself",
        ),
        _ => unreachable(name),
    };
    Some(caused(error, &property(given, "cause")))
}

fn tls_object(tls: &Tls) -> JsValue {
    let text = |text: &Option<String>| text.as_deref().map(JsValue::from).unwrap_or_default();
    object([
        ("ca", text(&tls.ca)),
        ("cert", text(&tls.cert)),
        ("key", text(&tls.key)),
        ("rejectUnauthorized", (!tls.accept_any).into()),
    ])
}
