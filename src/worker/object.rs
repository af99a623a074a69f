// Inside a Durable Object: a gateway over a store in its SQLite, and the alarm that removes expired entries. Nothing of
// the store may be kept in memory: an object can be evicted at any time.

use super::{answer, install, message_of};
use crate::backend::Capabilities;
use crate::backend::cells::{Database, Field, Row, Session, Statement, batch, values};
use crate::backend::durable_object::NAME;
use crate::backend::durable_object::database::{self, Refusal};
use crate::error::{Error, Result};
use crate::gateway::{Gateway, Options};
use crate::host::BoxFuture;
use crate::store::Store;
use ::worker::{Request, Response, ScheduledTime, SqlStorage, SqlStorageValue, State, Storage};
use js_sys::Date;
use std::cell::OnceCell;
use std::future::ready;
use std::rc::Rc;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// The last time that an alarm can have: the platform counts nanoseconds since 1970 in 63 bits.
const LAST_MOMENT: u64 = 9_220_000_000_000;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Transactions;

    /// Runs the closure as a transaction, which is rolled back if it throws.
    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction(
        this: &Transactions,
        work: &mut dyn FnMut() -> std::result::Result<JsValue, JsValue>,
    ) -> std::result::Result<JsValue, JsValue>;
}

/// The implementation of a Durable Object: the Worker's class forwards requests and alarms to it. The class must be
/// bound with SQLite storage (`new_sqlite_classes`). Anyone who can send requests to the object has full access, so
/// never forward a request from outside.
///
/// ```ignore
/// #[durable_object(alarm)]
/// pub struct OmnikvObject(omnikv::worker::Object);
///
/// impl DurableObject for OmnikvObject {
///     fn new(state: State, _: Env) -> Self {
///         OmnikvObject(omnikv::worker::Object::new(state))
///     }
///     async fn fetch(&self, request: Request) -> worker::Result<Response> {
///         self.0.fetch(request).await
///     }
///     async fn alarm(&self) -> worker::Result<Response> {
///         self.0.alarm().await
///     }
/// }
/// ```
pub struct Object {
    state: State,
    database: Sqlite,
    gateway: OnceCell<Rc<Gateway>>,
}

impl Object {
    /// Creates the object for this state. Reads nothing yet.
    pub fn new(state: State) -> Object {
        install();
        let storage = state.storage();
        let transactions = JsValue::from(storage.as_raw()).unchecked_into();
        Object { state, database: Sqlite { sql: storage.sql(), transactions }, gateway: OnceCell::new() }
    }

    /// Answers a store's request.
    ///
    /// # Errors
    ///
    /// Errors of the storage.
    pub async fn fetch(&self, request: Request) -> ::worker::Result<Response> {
        let gateway = self.gateway().await.map_err(worker_error)?;
        let response = answer(&gateway, request).await?;
        self.wake_at(database::next_deadline(&self.database).await.map_err(worker_error)?).await?;
        Ok(response)
    }

    /// Removes expired entries.
    ///
    /// # Errors
    ///
    /// Errors of the storage.
    pub async fn alarm(&self) -> ::worker::Result<Response> {
        self.gateway().await.map_err(worker_error)?;
        let next = database::sweep(&self.database, Date::now() as u64).await.map_err(worker_error)?;
        self.wake_at(next).await?;
        Response::empty()
    }

    async fn gateway(&self) -> Result<Rc<Gateway>> {
        if let Some(gateway) = self.gateway.get() {
            return Ok(Rc::clone(gateway));
        }
        let options = crate::options::Options {
            max_key_bytes: usize::try_from(database::CAPABILITIES.max_key_bytes).ok(),
            ..Default::default()
        };
        let cells = database::open(self.database.clone(), &options).await?;
        let store = Store::over(Arc::new(cells), &options)?;
        // Whoever can reach the object has its binding.
        let access =
            Options { open: true, max_request_bytes: database::MAX_REQUEST_BYTES, ..Options::default() };
        let gateway = Rc::new(Gateway::new(store, access)?);
        Ok(Rc::clone(self.gateway.get_or_init(|| gateway)))
    }

    /// Sets the alarm for the time when the next entry expires.
    async fn wake_at(&self, deadline: Option<u64>) -> ::worker::Result<()> {
        let Some(deadline) = deadline.filter(|deadline| *deadline <= LAST_MOMENT) else { return Ok(()) };
        let storage: Storage = self.state.storage();
        let set = storage.get_alarm().await?;
        // An alarm that is too early finds out when to ring next.
        if set.is_none_or(|set| u64::try_from(set).is_ok_and(|set| set > deadline)) {
            let at = Date::new(&JsValue::from_f64(deadline as f64));
            storage.set_alarm(ScheduledTime::new(at)).await?;
        }
        Ok(())
    }
}

fn worker_error(error: Error) -> ::worker::Error {
    ::worker::Error::RustError(error.to_string())
}

/// The object's database.
#[derive(Clone)]
struct Sqlite {
    sql: SqlStorage,
    transactions: Transactions,
}

impl Session for Sqlite {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        rows(&self.sql, text, values::lend_all(parameters).to_vec()).map_err(|error| refused(&error.into()))
    }

    fn savepoint(&self, work: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let mut failure = None;
        let done = self.transactions.transaction(&mut || match work() {
            Ok(()) => Ok(JsValue::UNDEFINED),
            Err(error) => {
                failure = Some(error);
                // The platform rolls back for whatever is thrown.
                Err(JsValue::UNDEFINED)
            }
        });
        match (done, failure) {
            (_, Some(error)) => Err(error),
            (Ok(_), None) => Ok(()),
            (Err(thrown), None) => Err(refused(&thrown)),
        }
    }
}

/// Why the database fails.
fn refused(thrown: &JsValue) -> Error {
    Refusal::of(&message_of(thrown)).error()
}

/// The rows of a statement.
fn rows(sql: &SqlStorage, text: &str, parameters: Vec<JsValue>) -> ::worker::Result<Vec<Row>> {
    let rows = sql.exec_raw(text, parameters)?.raw();
    rows.map(|row| Ok(row?.into_iter().map(read).collect())).collect()
}

fn read(value: SqlStorageValue) -> Field {
    match value {
        SqlStorageValue::Null => Field::Null,
        SqlStorageValue::Boolean(is) => Field::Int(is.into()),
        SqlStorageValue::Integer(number) => Field::Int(number),
        // An integer beyond those that are exact in JavaScript.
        SqlStorageValue::Float(number) => Field::Int(number as i64),
        SqlStorageValue::String(text) => Field::Text(text),
        SqlStorageValue::Blob(bytes) => Field::Blob(bytes),
    }
}

impl Database for Sqlite {
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
