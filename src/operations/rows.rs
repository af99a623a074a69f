// How the replies about records, changes, locks and tasks become Rust's types: so many fields each, in the order in which
// `engine/records/row.rs` tells them. It must not know operations.

use crate::command::{Bytes, Reply};
use crate::error::{Error, Result};
use crate::reply::unexpected;
use serde::de::DeserializeOwned;
use std::vec::IntoIter;

/// The fields of a reply, from first to last.
pub(super) struct Fields(IntoIter<Option<Bytes>>);

/// Something that is told in fields.
pub(super) trait Row: Sized {
    fn read(fields: &mut Fields) -> Result<Self>;
}

impl Fields {
    pub fn of(reply: Reply) -> Result<Fields> {
        match reply {
            Reply::List(items) => Ok(Fields(items.into_iter())),
            other => Err(unexpected(&other, "fields")),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// Whether the next field is there.
    pub fn has_next(&self) -> bool {
        matches!(self.0.as_slice(), [Some(_), ..])
    }

    pub fn skip(&mut self, count: usize) {
        self.0.by_ref().take(count).for_each(drop);
    }

    pub fn text_if_any(&mut self) -> Result<Option<String>> {
        let text = self.0.next().flatten().map(String::from_utf8).transpose();
        text.map_err(|_| unexpected(&Reply::Bytes(Bytes::new()), "text"))
    }

    pub fn text(&mut self) -> Result<String> {
        self.text_if_any()?.ok_or_else(|| unexpected(&Reply::Nil, "text"))
    }

    pub fn number_if_any<T: std::str::FromStr>(&mut self) -> Result<Option<T>> {
        let Some(text) = self.text_if_any()? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| unexpected(&Reply::Bytes(Bytes::new()), "a number"))
    }

    pub fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        self.number_if_any()?.ok_or_else(|| unexpected(&Reply::Nil, "a number"))
    }

    /// A field of JSON.
    pub fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let json = self.text()?;
        parse(name, &json)
    }
}

/// A value of JSON.
pub(super) fn parse<T: DeserializeOwned>(name: &str, json: &str) -> Result<T> {
    // serde's message may quote the value.
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let kind = std::any::type_name::<T>();
        Error::invalid_value(format!("({name}) is not the JSON of a {kind} (line {line}, column {column})"))
    })
}

/// One, or nothing.
pub(super) fn one<T: Row>(reply: Reply) -> Result<Option<T>> {
    match reply {
        Reply::Nil => Ok(None),
        reply => T::read(&mut Fields::of(reply)?).map(Some),
    }
}

/// One that is always there.
pub(super) fn this<T: Row>(reply: Reply) -> Result<T> {
    T::read(&mut Fields::of(reply)?)
}

/// As many as there are.
pub(super) fn all<T: Row>(reply: Reply) -> Result<Vec<T>> {
    let mut fields = Fields::of(reply)?;
    let mut rows = Vec::new();
    while !fields.is_empty() {
        rows.push(T::read(&mut fields)?);
    }
    Ok(rows)
}
