// The other module of the npm package (net.wasm): a handle on any store, asynchronous. A command starts when it is called and is
// answered through the host, by the number that it was given. It must not know what an operation does, and nothing that
// JavaScript hands in may make it trap.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::arc_with_non_send_sync, reason = "wasm has one thread")]

mod d1;
mod executor;
mod gateway;
mod host;
mod indexeddb;
mod inside;
mod kv;
mod lent;
mod rows;
mod sqlite;
mod tasks;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_channel::oneshot;
use js_sys::Promise;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use d1::LentD1;
use host::Host;
use indexeddb::LentIndexedDb;
use kv::LentNamespace;
use omnikv::command::{Command, Effect};
use omnikv::error::{Error, Kind, Result};
use omnikv::host::network::Network;
use omnikv::host::socket::Tls;
use omnikv::host::{Clock, random};
use omnikv::{Binding, Options, Remote, Store};
use omnikv_js::objects::{capabilities_object, options, stats_object, thrown};
use omnikv_js::{clock, request};
use sqlite::LentSqlite;
use tasks::{Outcome, Tasks};

thread_local! {
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// A handle on a store.
#[wasm_bindgen]
pub struct Net {
    store: Rc<Store>,
    /// The user's clock, if any.
    clock: Option<Arc<dyn Clock>>,
    host: Host,
    tasks: Tasks,
}

/// A watcher. Freeing it ends it.
#[wasm_bindgen]
pub struct Watching {
    _end: oneshot::Sender<()>,
}

/// Additional options of remote stores (`NetOptions` in pkg/src/net/net.ts, which checks them).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemoteOptions {
    host: Option<String>,
    port: Option<f64>,
    username: Option<String>,
    password: Option<String>,
    db: Option<f64>,
    tls: Option<TlsOptions>,
    token: Option<String>,
    plain_strings: Option<bool>,
    timeout_ms: Option<f64>,
    retries: Option<f64>,
    automatic_pipelining: Option<bool>,
    nonatomic: Option<bool>,
    shards: Option<f64>,
}

/// TLS options (`TlsOptions` in pkg/src/api/remote.ts; texts in PEM form).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TlsOptions {
    ca: Option<String>,
    cert: Option<String>,
    key: Option<String>,
    reject_unauthorized: Option<bool>,
}

#[wasm_bindgen]
extern "C" {
    /// The stores that JavaScript has for the URL, each undefined if there is none.
    pub type Databases;

    #[wasm_bindgen(method, getter)]
    fn namespace(this: &Databases) -> Option<LentNamespace>;

    #[wasm_bindgen(method, getter)]
    fn sqlite(this: &Databases) -> Option<LentSqlite>;

    #[wasm_bindgen(method, getter)]
    fn d1(this: &Databases) -> Option<LentD1>;
    #[wasm_bindgen(method, getter, js_name = indexedDb)]
    fn indexed_db(this: &Databases) -> Option<LentIndexedDb>;
}

/// Opens the store at a URL. `host` is provided by JavaScript (pkg/src/net/net-host.ts), `seed` is an unpredictable
/// number. For Durable Objects, `shards` in the options is the number of objects that `host` sends to.
#[wasm_bindgen]
pub fn open(
    url: String,
    given: JsValue,
    clock: Option<js_sys::Function>,
    seed: u64,
    host: Host,
    databases: &Databases,
) -> Promise {
    RANDOM.set(RANDOM.get() ^ seed);
    random::install(draw);
    let sent = Rc::new(Cell::new(0));
    let clock = clock.map(clock::of);
    let network = host::network(&host, &sent);
    let opening = opening(given, clock.clone(), seed, &network, databases.namespace());
    let (sqlite, d1, indexed_db) = (databases.sqlite(), databases.d1(), databases.indexed_db());
    future_to_promise(async move {
        let opening = opening.map_err(thrown)?;
        let store = match url.split_once(':') {
            Some(("sqlite", location)) if let Some(sqlite) = sqlite => {
                sqlite::open(location, &opening, &sqlite, network.timer).await
            }
            Some(("indexeddb", location)) if let Some(lent) = indexed_db => {
                indexeddb::open(location, &opening, lent, Rc::clone(&sent), Arc::new(network)).await
            }
            Some(("d1", _)) if let Some(d1) = d1 => d1::open(d1, network, &opening),
            _ => Store::connect(&url, opening).await,
        };
        let store = Rc::new(store.map_err(thrown)?);
        Ok(Net { store, clock, tasks: Tasks::new(&host, &sent), host }.into())
    })
}

/// All options for opening a store.
fn opening(
    given: JsValue,
    clock: Option<Arc<dyn Clock>>,
    seed: u64,
    network: &Network,
    namespace: Option<LentNamespace>,
) -> Result<Options> {
    let remote: RemoteOptions = read(given.clone())?;
    let remote = Remote {
        host: remote.host,
        // Both have been checked: they are integers within their ranges.
        port: remote.port.map(|port| port as u16),
        db: remote.db.map(|db| db as u32),
        username: remote.username,
        password: remote.password,
        tls: remote.tls.map(|TlsOptions { ca, cert, key, reject_unauthorized }| Tls {
            ca,
            cert,
            key,
            accept_any: reject_unauthorized == Some(false),
        }),
        plain_strings: remote.plain_strings.unwrap_or_default(),
        token: remote.token,
        timeout: remote.timeout_ms.map(|ms| Duration::from_millis(ms as u64)),
        retries: remote.retries.map(|times| times as u32),
        automatic_pipelining: remote.automatic_pipelining,
        nonatomic: remote.nonatomic.unwrap_or_default(),
        network: Some(network.clone()),
        binding: match namespace {
            Some(namespace) => Some(Binding::Namespace(Arc::new(namespace))),
            None => remote.shards.map(|shards| Binding::Objects { shards: shards as u64 }),
        },
    };
    Ok(Options { remote, ..options(&given, clock, seed) })
}

#[wasm_bindgen]
impl Net {
    /// Creates another handle on the same store, with a prefix appended to this one's.
    #[wasm_bindgen(js_name = withPrefix)]
    pub fn with_prefix(&self, prefix: &str) -> std::result::Result<Net, JsValue> {
        let store = Rc::new(self.store.with_prefix(prefix).map_err(thrown)?);
        Ok(Net { store, clock: self.clock.clone(), host: self.host.clone(), tasks: self.tasks.another() })
    }

    /// Starts the command in the scratch buffer. `may_stop`: whether it may be cancelled.
    pub fn call(&self, id: u32, may_stop: bool) {
        let command = request::read(|request| request.command()).and_then(|command| command);
        let store = Rc::clone(&self.store);
        let reads = command.as_ref().is_ok_and(is_read);
        let work = async move { Ok(Outcome::One(store.execute(command?).await)) };
        self.tasks.start(id, may_stop, reads, work);
    }

    /// Starts the commands in the scratch buffer, each with its own result.
    pub fn pipeline(&self, id: u32, may_stop: bool) {
        let commands = request::read(|request| request.commands());
        let store = Rc::clone(&self.store);
        let reads = commands.iter().flatten().flatten().all(is_read);
        self.tasks.start(id, may_stop, reads, async move {
            let mut well_formed = Vec::new();
            let mut places = Vec::new();
            for command in commands? {
                places.push(command.map(|command| well_formed.push(command)));
            }
            let mut results = store.execute_all(well_formed).await?.into_iter();
            let missing = || Err(Error::new(Kind::Internal, "got fewer replies than commands"));
            let place = |place: Result<()>| place.and_then(|()| results.next().unwrap_or_else(missing));
            Ok(Outcome::All(places.into_iter().map(place).collect()))
        });
    }

    /// Starts the commands in the scratch buffer as a transaction, if the checks before them hold.
    pub fn multi(&self, id: u32, may_stop: bool) {
        let given = request::read(|request| Ok((request.checks()?, request.commands()?)));
        let store = Rc::clone(&self.store);
        let reads = given.iter().flat_map(|(_, commands)| commands).flatten().all(is_read);
        self.tasks.start(id, may_stop, reads, async move {
            let (checks, commands) = given?;
            let commands = commands.into_iter().collect::<Result<_>>()?;
            Ok(Outcome::All(store.transaction(checks, commands).await?))
        });
    }

    /// Calls a function whenever there may be new changes of records, until the result is freed; undefined if the store
    /// cannot tell.
    pub fn watch(&self, changed: js_sys::Function) -> Option<Watching> {
        let watch = self.store.watch()?;
        let (end, mut ended) = oneshot::channel::<()>();
        let mut next = watch.changed();
        executor::spawn(poll_fn(move |context| {
            if Pin::new(&mut ended).poll(context).is_ready() {
                return Poll::Ready(());
            }
            while next.as_mut().poll(context).is_ready() {
                next = watch.changed();
                // Errors thrown by the caller's code are the caller's.
                let _ = changed.call0(&JsValue::UNDEFINED);
            }
            Poll::Pending
        }));
        executor::run();
        Some(Watching { _end: end })
    }

    /// Stops waiting for the call with this number: it fails with `cancelled`.
    pub fn cancel(&self, id: u32) {
        self.tasks.cancel(id);
    }

    /// The backend's name in errors.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> String {
        self.store.backend().to_owned()
    }

    /// The store's statistics.
    pub fn stats(&self) -> Promise {
        let store = Rc::clone(&self.store);
        future_to_promise(async move {
            let stats = store.stats().await.map_err(thrown)?;
            Ok(stats_object(&stats))
        })
    }

    /// What the store guarantees.
    pub fn capabilities(&self) -> JsValue {
        capabilities_object(&self.store.capabilities())
    }

    /// Closes the handle.
    pub fn close(&self) -> Promise {
        let store = Rc::clone(&self.store);
        future_to_promise(async move { store.close().await.map_err(thrown).map(|()| JsValue::UNDEFINED) })
    }
}

fn is_read(command: &Command) -> bool {
    matches!(command.effect(), Effect::Read)
}

/// The next of a sequence of unpredictable numbers (the start is secret): splitmix64.
fn draw() -> u64 {
    let state = RANDOM.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    RANDOM.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Reads the data in a plain object. The error does not quote it: it may be a secret.
fn read<T: DeserializeOwned>(object: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(object).map_err(|_| {
        Error::invalid_argument("(options) expects an object whose options have the right types")
    })
}
