// Rows of a database that JavaScript lends. It is not trusted: it may return anything. No knowledge of statements.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use omnikv::backend::cells::{Field, Row};

/// Reads rows, given as arrays of values.
pub(super) fn read(rows: &JsValue, field: fn(&JsValue) -> Option<Field>) -> Option<Vec<Row>> {
    rows.dyn_ref::<Array>()?.iter().map(|row| read_row(&row, field)).collect()
}

/// Reads a row. NULL and texts are the same in every database; `field` reads the rest.
pub(super) fn read_row(row: &JsValue, field: fn(&JsValue) -> Option<Field>) -> Option<Row> {
    let read_field = |value: JsValue| match value.as_string() {
        _ if value.is_null() => Some(Field::Null),
        Some(text) => Some(Field::Text(text)),
        None => field(&value),
    };
    row.dyn_ref::<Array>()?.iter().map(read_field).collect()
}
