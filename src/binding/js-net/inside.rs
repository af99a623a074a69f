// Inside a Durable Object: a gateway over a store in its SQLite (pkg/src/durable-object.ts provides requests, alarms
// and the database). What is requested does not matter here.

use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::gateway::answer;
use super::rows;
use omnikv::Store;
use omnikv::backend::Capabilities;
use omnikv::backend::cells::{Database, Field, Row, Session, Statement, batch, values};
use omnikv::backend::durable_object::NAME;
use omnikv::backend::durable_object::database::{self, Refusal};
use omnikv::error::{Error, Kind, Result};
use omnikv::gateway::{Gateway, Options};
use omnikv::host::{BoxFuture, random};
use omnikv_js::clock;
use omnikv_js::objects::thrown;

#[wasm_bindgen]
extern "C" {
    /// The object's database, provided by TypeScript.
    #[derive(Clone)]
    pub type LentDatabase;

    /// Runs a statement and returns its rows, or a word that tells why it failed.
    #[wasm_bindgen(method, catch)]
    fn run(this: &LentDatabase, text: &str, parameters: Array) -> std::result::Result<JsValue, JsValue>;

    /// Runs the closure as a transaction, which is rolled back if it throws. Returns a word that tells why it failed, if
    /// it did.
    #[wasm_bindgen(method, catch)]
    fn savepoint(
        this: &LentDatabase,
        work: &mut dyn FnMut() -> std::result::Result<JsValue, JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// A store in an object.
#[wasm_bindgen]
pub struct InObject {
    gateway: Rc<Gateway>,
    database: LentDatabase,
}

/// Opens the store in an object's database; resolves to an [`InObject`].
#[wasm_bindgen(js_name = openInObject)]
pub fn open_in_object(database: LentDatabase, clock: js_sys::Function, seed: u64) -> Promise {
    super::RANDOM.set(super::RANDOM.get() ^ seed);
    random::install(super::draw);
    clock::install();
    let options = omnikv::Options {
        max_key_bytes: usize::try_from(database::CAPABILITIES.max_key_bytes).ok(),
        clock: Some(clock::of(clock)),
        seed: Some(seed),
        ..Default::default()
    };
    future_to_promise(async move {
        let cells = database::open(database.clone(), &options).await.map_err(thrown)?;
        let store = Store::over(Arc::new(cells), &options).map_err(thrown)?;
        // Whoever can reach the object has its binding.
        let access = Options {
            open: true,
            max_request_bytes: database::MAX_REQUEST_BYTES,
            clock: options.clock,
            ..Options::default()
        };
        let gateway = Rc::new(Gateway::new(store, access).map_err(thrown)?);
        Ok(InObject { gateway, database }.into())
    })
}

#[wasm_bindgen]
impl InObject {
    /// The most bytes of a body to read; if there is one more, the request is too large.
    #[wasm_bindgen(getter, js_name = maxRequestBytes)]
    pub fn max_request_bytes(&self) -> f64 {
        self.gateway.max_request_bytes() as f64
    }

    /// Answers a request. Resolves to `{ status, headers, body }`; all headers are names and values alternately.
    pub fn handle(
        &self,
        method: String,
        path: String,
        query: String,
        headers: Array,
        body: Vec<u8>,
    ) -> Promise {
        answer(&self.gateway, method, path, query, &headers, body)
    }

    /// Resolves to the time when the next entry expires, in milliseconds since 1970, or undefined.
    #[wasm_bindgen(js_name = nextDeadline)]
    pub fn next_deadline(&self) -> Promise {
        let database = self.database.clone();
        future_to_promise(async move { moment(database::next_deadline(&database).await) })
    }

    /// Removes entries that have expired by this time; resolves like `nextDeadline`.
    pub fn sweep(&self, now_ms: f64) -> Promise {
        let database = self.database.clone();
        future_to_promise(async move { moment(database::sweep(&database, now_ms as u64).await) })
    }
}

fn moment(deadline: Result<Option<u64>>) -> std::result::Result<JsValue, JsValue> {
    deadline.map(|deadline| deadline.map_or(JsValue::UNDEFINED, |at| (at as f64).into())).map_err(thrown)
}

impl Database for LentDatabase {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch(
        &self,
        statements: Vec<Statement>,
        writes: bool,
    ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
        batch(self, &statements, writes)
    }

    fn session(&self) -> Option<&dyn Session> {
        Some(self)
    }

    fn capabilities(&self) -> Capabilities {
        database::CAPABILITIES
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }
}

impl Session for LentDatabase {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        match LentDatabase::run(self, text, values::lend_all(parameters)) {
            Ok(rows) if rows.is_object() => rows::read(&rows, read_field).ok_or_else(unreadable),
            Ok(word) | Err(word) => Err(failure(&word)),
        }
    }

    fn savepoint(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let mut failed = None;
        let done = LentDatabase::savepoint(self, &mut || match work() {
            Ok(()) => Ok(JsValue::UNDEFINED),
            Err(error) => {
                failed = Some(error);
                // The platform rolls back for whatever is thrown.
                Err(JsValue::UNDEFINED)
            }
        });
        match (done, failed) {
            (_, Some(error)) => Err(error),
            (Ok(word), None) if word.is_undefined() => Ok(()),
            (Ok(word) | Err(word), None) => Err(failure(&word)),
        }
    }
}

fn read_field(value: &JsValue) -> Option<Field> {
    if let Some(number) = value.as_f64() {
        return Some(Field::Int(number as i64));
    }
    let bytes = value.dyn_ref::<ArrayBuffer>()?;
    Some(Field::Blob(Uint8Array::new(bytes).to_vec()))
}

fn unreadable() -> Error {
    Error::new(Kind::Internal, "(storage) returned unexpected rows")
}

/// Why the database fails, in the words of pkg/src/durable-object.ts.
fn failure(word: &JsValue) -> Error {
    let refusal = match word.as_string().as_deref() {
        Some("too-large") => Refusal::TooLarge,
        Some("full") => Refusal::Full,
        _ => Refusal::Failed,
    };
    refusal.error()
}
