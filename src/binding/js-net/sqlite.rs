// SQLite as JavaScript lends it (pkg/src/net/sqlite.ts). It is not trusted: it may return anything. No transactions, no
// statements of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use js_sys::{Array, BigInt, Uint8Array};
use wasm_bindgen::prelude::*;

use super::rows;
use omnikv::backend::cells::{Field, Row};
use omnikv::backend::sqlite::{Driver, Lender, fault, foreign_row, open_lent};
use omnikv::error::{Error, Kind, Result};
use omnikv::host::network::Timer;
use omnikv::{Options, Store};

#[wasm_bindgen]
extern "C" {
    /// SQLite, provided by TypeScript.
    pub type LentSqlite;

    /// See [`Lender::locate`].
    #[wasm_bindgen(method, catch)]
    fn locate(this: &LentSqlite, path: &str) -> std::result::Result<JsValue, JsValue>;

    /// A [`LentFile`], or SQLite's code for the failure.
    #[wasm_bindgen(method, catch)]
    fn open(this: &LentSqlite, path: &str) -> std::result::Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// An open database.
    type LentFile;

    /// A [`LentStatement`], or SQLite's code for the failure.
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &LentFile, text: &str) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = isInTransaction)]
    fn is_in_transaction(this: &LentFile) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &LentFile) -> std::result::Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// A prepared statement.
    #[derive(Clone)]
    type LentStatement;

    /// Runs it. The rows, with integers as bigints, or SQLite's code for the failure.
    #[wasm_bindgen(method, catch)]
    fn run(this: &LentStatement, parameters: Array) -> std::result::Result<JsValue, JsValue>;
}

/// Opens the store at a `sqlite:` URL.
pub(super) async fn open(
    location: &str,
    options: &Options,
    lent: &LentSqlite,
    timer: Arc<dyn Timer>,
) -> Result<Store> {
    Store::over(Arc::new(open_lent(location, options, lent, timer).await?), options)
}

impl Lender for LentSqlite {
    fn locate(&self, path: &str) -> String {
        let located = LentSqlite::locate(self, path).ok().and_then(|located| located.as_string());
        located.unwrap_or_else(|| path.to_owned())
    }

    fn open(&self, path: &str) -> Result<Box<dyn Driver>> {
        let file = kept(LentSqlite::open(self, path))?.unchecked_into();
        Ok(Box::new(File { file, statements: RefCell::default() }))
    }
}

struct File {
    file: LentFile,
    /// The prepared statements, by their texts' addresses. There are a few dozen.
    statements: RefCell<BTreeMap<usize, LentStatement>>,
}

impl File {
    fn statement(&self, text: &'static str) -> Result<LentStatement> {
        let address = text.as_ptr().addr();
        if let Some(statement) = self.statements.borrow().get(&address) {
            return Ok(statement.clone());
        }
        let statement: LentStatement = kept(self.file.prepare(text))?.unchecked_into();
        self.statements.borrow_mut().insert(address, statement.clone());
        Ok(statement)
    }
}

impl Driver for File {
    fn run(&self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        let parameters = parameters.iter().map(lend).collect();
        let found = kept(self.statement(text)?.run(parameters))?;
        rows::read(&found, read_field).ok_or_else(foreign_row)
    }

    fn is_in_transaction(&self) -> bool {
        self.file.is_in_transaction().is_ok_and(|is_in| is_in.is_truthy())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = self.file.close();
    }
}

/// What JavaScript returned, unless it is SQLite's code for a failure.
fn kept(returned: std::result::Result<JsValue, JsValue>) -> Result<JsValue> {
    match returned {
        Ok(returned) => match returned.as_f64() {
            Some(code) => Err(fault(code as i32)),
            None => Ok(returned),
        },
        Err(_) => Err(Error::new(Kind::Internal, "(database) cannot be asked")),
    }
}

/// Integers are lent as bigints: a number would be bound as a float.
fn lend(field: &Field) -> JsValue {
    match field {
        Field::Null => JsValue::NULL,
        Field::Int(number) => BigInt::from(*number).into(),
        Field::Text(text) => text.into(),
        Field::Blob(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    }
}

fn read_field(value: &JsValue) -> Option<Field> {
    if value.is_bigint() {
        return i64::try_from(value.clone()).ok().map(Field::Int);
    }
    value.dyn_ref::<Uint8Array>().map(|bytes| Field::Blob(bytes.to_vec()))
}
