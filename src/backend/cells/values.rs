// Conversion of values for SQLite in a Durable Object and in D1. No knowledge of statements.

use super::Field;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;

/// Integers below this are exact in JavaScript.
const EXACT: u64 = 1 << 53;

/// A parameter for JavaScript. SQLite makes numbers of digits where it compares or keeps numbers, and loses none.
fn lend(field: &Field) -> JsValue {
    match field {
        Field::Null => JsValue::NULL,
        Field::Int(number) if number.unsigned_abs() <= EXACT => (*number as f64).into(),
        Field::Int(number) => number.to_string().into(),
        Field::Text(text) => text.as_str().into(),
        // An empty buffer would be bound as NULL.
        Field::Blob(bytes) if bytes.is_empty() => "".into(),
        Field::Blob(bytes) => Uint8Array::from(bytes.as_slice()).buffer().into(),
    }
}

/// The parameters of a statement.
pub fn lend_all(fields: &[Field]) -> Array {
    fields.iter().map(lend).collect()
}
