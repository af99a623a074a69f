// A D1 database bound to a Worker. It calls the binding directly: the `worker` crate reads rows as JavaScript objects for
// serde, and its parameters are numbers where bytes are needed. No knowledge of cells.

use super::message_of;
use crate::backend::cells::{Field, Row, Statement, values};
use crate::backend::d1::Lent;
use crate::host::BoxFuture;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Bound;

    #[wasm_bindgen(method, catch)]
    fn prepare(this: &Bound, text: &str) -> std::result::Result<Prepared, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn batch(this: &Bound, statements: &Array) -> std::result::Result<Promise, JsValue>;

    type Prepared;

    #[wasm_bindgen(method, catch, variadic)]
    fn bind(this: &Prepared, parameters: &Array) -> std::result::Result<JsValue, JsValue>;
}

/// The database of a binding.
pub(super) struct D1(Bound);

impl D1 {
    pub fn new(binding: JsValue) -> D1 {
        D1(binding.unchecked_into())
    }

    async fn run(&self, statements: &[Statement]) -> std::result::Result<Vec<Vec<Row>>, JsValue> {
        let prepared = Array::new();
        for Statement { text, parameters } in statements {
            prepared.push(&self.0.prepare(text)?.bind(&values::lend_all(parameters))?);
        }
        let results = JsFuture::from(self.0.batch(&prepared)?).await?;
        let read = |result: JsValue| {
            let rows = Reflect::get(&result, &"results".into()).ok()?;
            rows.dyn_into::<Array>().ok()?.iter().map(|row| read_row(&row)).collect()
        };
        let rows: Option<_> = results.dyn_into::<Array>()?.iter().map(read).collect();
        rows.ok_or(JsValue::UNDEFINED)
    }
}

/// A row, which is an object with a property for each column.
fn read_row(row: &JsValue) -> Option<Row> {
    Object::values(row.dyn_ref::<Object>()?).iter().map(|value| read_field(&value)).collect()
}

fn read_field(value: &JsValue) -> Option<Field> {
    if value.is_null() {
        return Some(Field::Null);
    }
    if let Some(text) = value.as_string() {
        return Some(Field::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Some(Field::Int(number as i64));
    }
    // Bytes are an array of numbers.
    value.is_array().then(|| Field::Blob(Uint8Array::new(value).to_vec()))
}

impl Lent for D1 {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> BoxFuture<'a, std::result::Result<Vec<Vec<Row>>, String>> {
        Box::pin(async move { self.run(statements).await.map_err(|thrown| message_of(&thrown)) })
    }
}
