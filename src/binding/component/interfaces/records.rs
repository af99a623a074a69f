// The interface `records`: decode, run, encode.

use serde_json::value::RawValue;

use super::connection::Handle;
use super::tasks::new_task;
use super::{Answer, Component};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::records::{
    Document, Guest, Head, ListOptions, Mutation, PutOptions, Window, Write,
};
use omnikv::error::{Error, Result};
use omnikv::operations::{self, Documents, Record};

/// A document in its original text.
pub type Json = Box<RawValue>;

/// Parses a document.
pub fn json(op: &'static str, name: &str, text: String) -> Result<Json> {
    let refused = |_| Error::invalid_argument(["(", name, ") expects JSON"].concat()).in_op(op);
    RawValue::from_string(text).map_err(refused)
}

fn options(options: PutOptions) -> operations::PutOptions {
    let PutOptions { type_: kind, expiry } = options;
    let said = operations::PutOptions::new().expiry(omnikv::command::Expiry::from(expiry));
    match kind {
        Some(kind) => said.kind(kind),
        None => said,
    }
}

impl From<Window> for operations::Window {
    fn from(Window { offset, limit }: Window) -> Self {
        operations::Window { offset, limit }
    }
}

impl From<ListOptions> for operations::ListOptions {
    fn from(options: ListOptions) -> Self {
        let ListOptions { prefix, start, end, after, type_: kind, offset, limit } = options;
        operations::ListOptions { prefix, start, end, after, kind, offset, limit }
    }
}

impl<T> From<Record<T>> for Head {
    fn from(record: Record<T>) -> Self {
        let Record { key, version, stamp, kind: type_, created, updated, expires_at, .. } = record;
        Head { key, version, stamp, type_, created, updated, expires_at }
    }
}

impl From<Record<Json>> for Document {
    fn from(record: Record<Json>) -> Self {
        let value = record.value.get().to_owned();
        Document { head: record.into(), value }
    }
}

fn documents(records: Vec<Record<Json>>) -> Vec<Document> {
    records.into_iter().map(Document::from).collect()
}

fn mutation(mutation: Mutation) -> Result<operations::Mutation> {
    let op = "records.mutate";
    Ok(match mutation {
        Mutation::Put(Write { key, version, value, options: said }) => {
            operations::Mutation::put_with(key, version, &json(op, "value", value)?, options(said))
        }
        Mutation::Patch(Write { key, version, value, options: said }) => {
            operations::Mutation::patch_with(key, version, &json(op, "value", value)?, options(said))
        }
        Mutation::Delete(keys) => operations::Mutation::delete(keys),
        Mutation::DeletePrefix(deletion) => {
            operations::Mutation::delete_prefix(deletion.prefix, deletion.window)
        }
        Mutation::DeleteRange(deletion) => {
            operations::Mutation::delete_range(deletion.start, deletion.end, deletion.window)
        }
        Mutation::Task(task) => operations::Mutation::task(new_task(op, task)?),
    })
}

impl Guest for Component {
    fn put(
        store: StoreBorrow<'_>,
        key: String,
        version: i64,
        value: String,
        said: PutOptions,
    ) -> Answer<Head> {
        let value = json("records.put", "value", value)?;
        let store = &store.get::<Handle>().0;
        Ok(store.records().put_with(key, version, &value, options(said))?.into())
    }

    fn patch(
        store: StoreBorrow<'_>,
        key: String,
        version: i64,
        patch: String,
        said: PutOptions,
    ) -> Answer<Head> {
        let patch = json("records.patch", "value", patch)?;
        let store = &store.get::<Handle>().0;
        Ok(store.records().patch_with(key, version, &patch, options(said))?.into())
    }

    fn get(store: StoreBorrow<'_>, key: String) -> Answer<Option<Document>> {
        Ok(store.get::<Handle>().0.records().get(key)?.map(Document::from))
    }

    fn get_many(store: StoreBorrow<'_>, keys: Vec<String>) -> Answer<Vec<Option<Document>>> {
        let found = store.get::<Handle>().0.records().get_many(keys)?;
        Ok(found.into_iter().map(|record| record.map(Document::from)).collect())
    }

    fn get_prefix(store: StoreBorrow<'_>, prefix: String, window: Window) -> Answer<Vec<Document>> {
        Ok(documents(store.get::<Handle>().0.records().get_prefix(prefix, window)?))
    }

    fn get_range(
        store: StoreBorrow<'_>,
        start: String,
        end: String,
        window: Window,
    ) -> Answer<Vec<Document>> {
        Ok(documents(store.get::<Handle>().0.records().get_range(start, end, window)?))
    }

    fn get_type(store: StoreBorrow<'_>, kind: String, window: Window) -> Answer<Vec<Document>> {
        Ok(documents(store.get::<Handle>().0.records().get_type(kind, window)?))
    }

    fn list(store: StoreBorrow<'_>, options: ListOptions) -> Answer<Vec<Document>> {
        Ok(documents(store.get::<Handle>().0.records().list(options.into())?))
    }

    fn count(store: StoreBorrow<'_>) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().count()?)
    }

    fn count_prefix(store: StoreBorrow<'_>, prefix: String) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().count_prefix(prefix)?)
    }

    fn count_range(store: StoreBorrow<'_>, start: String, end: String) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().count_range(start, end)?)
    }

    fn delete(store: StoreBorrow<'_>, keys: Vec<String>) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().delete(keys)?)
    }

    fn delete_prefix(store: StoreBorrow<'_>, prefix: String, window: Window) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().delete_prefix(prefix, window)?)
    }

    fn delete_range(store: StoreBorrow<'_>, start: String, end: String, window: Window) -> Answer<u64> {
        Ok(store.get::<Handle>().0.records().delete_range(start, end, window)?)
    }

    fn restore(store: StoreBorrow<'_>, document: Document) -> Answer<Head> {
        let Document { head, value } = document;
        let Head { key, version, stamp, type_: kind, created, updated, expires_at } = head;
        let value = json("records.restore", "value", value)?;
        let record = Record { key, version, stamp, kind, created, updated, expires_at, value };
        Ok(store.get::<Handle>().0.records().restore(&record)?.into())
    }

    fn mutate(store: StoreBorrow<'_>, mutations: Vec<Mutation>) -> Answer<Vec<u64>> {
        let mutations = mutations.into_iter().map(mutation).collect::<Result<Vec<_>>>()?;
        Ok(store.get::<Handle>().0.records().mutate(mutations)?)
    }
}
