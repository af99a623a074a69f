// A D1 database bound to a Worker (provided by pkg/src/net/lent-d1.ts). It is not trusted: it may return anything. No
// knowledge of cells.

use std::sync::Arc;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::rows;
use omnikv::backend::cells::{Field, Row, Statement, values};
use omnikv::backend::d1::{self, Lent};
use omnikv::error::Result;
use omnikv::host::{BoxFuture, Network};
use omnikv::{Options, Store};
use omnikv_js::objects::property;
use omnikv_js::request::leaves_room;

#[wasm_bindgen]
extern "C" {
    /// The binding, provided by TypeScript.
    #[derive(Clone)]
    pub type LentD1;

    /// Runs statements, given as their texts and their parameters. Resolves to the rows of each, or to `{ failure }`, the
    /// message.
    #[wasm_bindgen(method, catch)]
    fn batch(this: &LentD1, texts: Array, parameters: Array) -> std::result::Result<Promise, JsValue>;
}

/// Opens the store in a database.
pub(super) fn open(lent: LentD1, network: Network, options: &Options) -> Result<Store> {
    let cells = d1::open(Arc::new(lent), network, options).map_err(|error| error.in_op("connect"))?;
    Store::over(Arc::new(cells), options)
}

impl Lent for LentD1 {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, std::result::Result<Vec<Vec<Row>>, String>> {
        let texts = statements.iter().map(|statement| JsValue::from_str(statement.text)).collect();
        let parameters = statements.iter().map(|statement| values::lend_all(&statement.parameters)).collect();
        let sent = LentD1::batch(self, texts, parameters);
        Box::pin(async move {
            let answer = JsFuture::from(sent.map_err(|_| String::new())?).await.map_err(|_| String::new())?;
            if let Some(message) = property(&answer, "failure").as_string() {
                return Err(message);
            }
            let rows = answer.dyn_ref::<Array>().and_then(|results| {
                results.iter().map(|result| rows::read(&result, read_field)).collect::<Option<_>>()
            });
            rows.ok_or_else(String::new)
        })
    }
}

fn read_field(value: &JsValue) -> Option<Field> {
    if let Some(number) = value.as_f64() {
        return Some(Field::Int(number as i64));
    }
    // Bytes are an array of numbers.
    let bytes = value.dyn_ref::<Array>()?;
    leaves_room(bytes.length() as usize).then(|| Field::Blob(Uint8Array::new(bytes).to_vec()))
}
