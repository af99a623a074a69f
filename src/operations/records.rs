// The operations on records. Each method names its command and its reply; none has a meaning of its own.

use super::rows::{self, Fields, Row};
use super::{NewTask, Run, building};
use crate::command::{Bytes, Command, Expiry, Key, Reply};
use crate::error::{Error, Result};
use crate::value::IntoKeys;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;

/// How many fields a record has in a reply.
const WIDTH: usize = 8;

/// Records: JSON documents with versions, in a namespace of their own: records and plain keys never meet.
///
/// Every change of a record is in the stream of [changes](super::Changes). A value is kept as it was written, with the
/// order of its members and the text of its numbers.
///
/// ```
/// # use omnikv::{MemoryStore, Kind, prelude::*};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize)]
/// struct Person {
///     name: String,
///     age: u32,
/// }
///
/// let kv = MemoryStore::new();
/// let people = kv.records().of::<Person>("Person");
/// people.put("person:alice", -1, &Person { name: "Alice".into(), age: 30 })?;
/// people.patch("person:alice", 1, &serde_json::json!({ "age": 31 }))?;
/// let alice = people.get("person:alice")?.expect("she is there");
/// assert_eq!((alice.value.age, alice.version), (31, 2));
/// assert_eq!(kv.records().patch("person:alice", 1, &()).unwrap_err().kind(), Kind::Conflict);
/// # Ok::<(), omnikv::Error>(())
/// ```
pub struct Records<'a, R: Run + ?Sized>(pub(super) &'a R);

/// A record, or, as a `Record<()>`, all of it but its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T = Box<serde_json::value::RawValue>> {
    /// Its key.
    pub key: String,
    /// 1 when it was created, and one more with each change.
    pub version: u64,
    /// The seq of the change that led to this state. It never repeats, even if the record is deleted and created again.
    pub stamp: u64,
    /// Its type.
    pub kind: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created: u64,
    /// When it was last changed.
    pub updated: u64,
    /// When it expires.
    pub expires_at: Option<u64>,
    /// The document.
    pub value: T,
}

impl Row for Record<()> {
    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Record {
            key: fields.text()?,
            version: fields.number()?,
            stamp: fields.number()?,
            kind: fields.text_if_any()?,
            created: fields.number()?,
            updated: fields.number()?,
            expires_at: fields.number_if_any()?,
            value: (),
        })
    }
}

/// A record with its value.
pub(super) struct Whole<T>(pub Record<T>);

impl<T: DeserializeOwned> Row for Whole<T> {
    fn read(fields: &mut Fields) -> Result<Self> {
        let Record { key, version, stamp, kind, created, updated, expires_at, value: () } =
            Record::read(fields)?;
        let value = fields.json("value")?;
        Ok(Whole(Record { key, version, stamp, kind, created, updated, expires_at, value }))
    }
}

fn one<T: DeserializeOwned>(reply: Reply) -> Result<Option<Record<T>>> {
    Ok(rows::one::<Whole<T>>(reply)?.map(|whole| whole.0))
}

fn all<T: DeserializeOwned>(reply: Reply) -> Result<Vec<Record<T>>> {
    Ok(rows::all::<Whole<T>>(reply)?.into_iter().map(|whole| whole.0).collect())
}

fn each_if_any<T: DeserializeOwned>(reply: Reply) -> Result<Vec<Option<Record<T>>>> {
    let mut fields = Fields::of(reply)?;
    let mut records = Vec::new();
    while !fields.is_empty() {
        if fields.has_next() {
            records.push(Some(Whole::read(&mut fields)?.0));
        } else {
            fields.skip(WIDTH);
            records.push(None);
        }
    }
    Ok(records)
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<Bytes> {
    // serde's message may quote the value.
    serde_json::to_vec(value)
        .map_err(|_| Error::invalid_argument("(value) expects a value that JSON can express"))
}

/// Options of [`put_with`](Records::put_with) and [`patch_with`](Records::patch_with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOptions {
    kind: Option<String>,
    expiry: Expiry,
}

impl PutOptions {
    /// No type, and the handle's default TTL; for a patch, what the record has.
    pub fn new() -> PutOptions {
        PutOptions::default()
    }

    /// The record's type.
    pub fn kind(self, kind: impl Into<String>) -> PutOptions {
        PutOptions { kind: Some(kind.into()), ..self }
    }

    /// When the record expires: a `Duration`, a `SystemTime` or an [`Expiry`].
    pub fn expiry(self, expiry: impl Into<Expiry>) -> PutOptions {
        PutOptions { expiry: expiry.into(), ..self }
    }
}

/// Options of [`list`](Records::list).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// The beginning of the key.
    pub prefix: Option<String>,
    /// The first key.
    pub start: Option<String>,
    /// The key after the last one.
    pub end: Option<String>,
    /// The key before the first one.
    pub after: Option<String>,
    /// The type.
    pub kind: Option<String>,
    /// How many to skip.
    pub offset: Option<u64>,
    /// The most to return.
    pub limit: Option<u64>,
}

impl ListOptions {
    /// Every record.
    pub fn new() -> ListOptions {
        ListOptions::default()
    }

    /// Only those whose key begins with this text.
    pub fn prefix(self, prefix: impl Into<String>) -> ListOptions {
        ListOptions { prefix: Some(prefix.into()), ..self }
    }

    /// Only those whose key is not before this one.
    pub fn start(self, start: impl Into<String>) -> ListOptions {
        ListOptions { start: Some(start.into()), ..self }
    }

    /// Only those whose key is before this one.
    pub fn end(self, end: impl Into<String>) -> ListOptions {
        ListOptions { end: Some(end.into()), ..self }
    }

    /// Only records after this key. Pass the last key of a page to get the next page; what others write meanwhile does
    /// not shift it.
    pub fn after(self, key: impl Into<String>) -> ListOptions {
        ListOptions { after: Some(key.into()), ..self }
    }

    /// Only those of this type.
    pub fn kind(self, kind: impl Into<String>) -> ListOptions {
        ListOptions { kind: Some(kind.into()), ..self }
    }

    /// How many to skip.
    pub fn offset(self, offset: u64) -> ListOptions {
        ListOptions { offset: Some(offset), ..self }
    }

    /// The most to return.
    pub fn limit(self, limit: u64) -> ListOptions {
        ListOptions { limit: Some(limit), ..self }
    }

    fn list(self) -> Command {
        let ListOptions { prefix, start, end, after, kind, offset, limit } = self;
        Command::RecordsList { prefix, start, end, after, kind, offset, limit }
    }

    fn count(self) -> Command {
        let ListOptions { prefix, start, end, kind, .. } = self;
        Command::RecordsCount { prefix, start, end, kind }
    }
}

/// Which of the records found to use: skip `offset`, then at most `limit`. `()` means all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many to skip.
    pub offset: Option<u64>,
    /// The most to return.
    pub limit: Option<u64>,
}

impl From<()> for Window {
    fn from((): ()) -> Window {
        Window::default()
    }
}

/// An offset and a limit.
impl From<(u64, u64)> for Window {
    fn from((offset, limit): (u64, u64)) -> Window {
        Window { offset: Some(offset), limit: Some(limit) }
    }
}

impl Window {
    fn of(self, options: ListOptions) -> ListOptions {
        ListOptions { offset: self.offset, limit: self.limit, ..options }
    }
}

/// One part of [`mutate`](Records::mutate).
#[derive(Clone, Debug)]
pub struct Mutation(Result<Command>);

impl Mutation {
    /// Like [`Records::put`].
    pub fn put(key: impl Into<Key>, version: i64, value: &(impl Serialize + ?Sized)) -> Mutation {
        Mutation::put_with(key, version, value, PutOptions::new())
    }

    /// Like [`Records::put_with`].
    pub fn put_with(
        key: impl Into<Key>,
        version: i64,
        value: &(impl Serialize + ?Sized),
        options: PutOptions,
    ) -> Mutation {
        Mutation(put(key.into(), version, value, options))
    }

    /// Like [`Records::patch`].
    pub fn patch(key: impl Into<Key>, version: i64, patch: &(impl Serialize + ?Sized)) -> Mutation {
        Mutation::patch_with(key, version, patch, PutOptions::new())
    }

    /// Like [`Records::patch_with`].
    pub fn patch_with(
        key: impl Into<Key>,
        version: i64,
        patch: &(impl Serialize + ?Sized),
        options: PutOptions,
    ) -> Mutation {
        Mutation(self::patch(key.into(), version, patch, options))
    }

    /// Like [`Records::delete`].
    pub fn delete(keys: impl IntoKeys) -> Mutation {
        Mutation(Ok(Command::RecordsDelete { keys: keys.into_keys() }))
    }

    /// Like [`Records::delete_prefix`].
    pub fn delete_prefix(prefix: impl Into<String>, window: impl Into<Window>) -> Mutation {
        let Window { offset, limit } = window.into();
        Mutation(Ok(Command::RecordsDeletePrefix { prefix: prefix.into(), offset, limit }))
    }

    /// Like [`Records::delete_range`].
    pub fn delete_range(
        start: impl Into<String>,
        end: impl Into<String>,
        window: impl Into<Window>,
    ) -> Mutation {
        let Window { offset, limit } = window.into();
        Mutation(Ok(Command::RecordsDeleteRange { start: start.into(), end: end.into(), offset, limit }))
    }

    /// Like [`Tasks::create`](super::Tasks::create): the task is made if all the rest is done.
    pub fn task(task: NewTask) -> Mutation {
        Mutation(task.into_command())
    }
}

fn put(key: Key, version: i64, value: &(impl Serialize + ?Sized), options: PutOptions) -> Result<Command> {
    let PutOptions { kind, expiry } = options;
    building("records.put", || Ok(Command::RecordsPut { key, version, value: json(value)?, kind, expiry }))
}

fn patch(key: Key, version: i64, value: &(impl Serialize + ?Sized), options: PutOptions) -> Result<Command> {
    let PutOptions { kind, expiry } = options;
    building("records.patch", || {
        Ok(Command::RecordsPatch { key, version, value: json(value)?, kind, expiry })
    })
}

impl<'a, R: Run + ?Sized> Records<'a, R> {
    /// The same records as values of one type, which is written and read with serde.
    pub fn of<T>(&self, kind: impl Into<String>) -> RecordsOf<'a, R, T> {
        RecordsOf { records: Records(self.0), kind: kind.into(), of: PhantomData }
    }

    /// Writes a record. Version -1 always writes, 0 only if there is no record, and any other only if it is the
    /// record's version.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if the record has another version; nothing has changed.
    pub fn put(
        &self,
        key: impl Into<Key>,
        version: i64,
        value: &(impl Serialize + ?Sized),
    ) -> R::Output<Record<()>> {
        self.put_with(key, version, value, PutOptions::new())
    }

    /// [`put`](Self::put), with a type or a time to live.
    pub fn put_with(
        &self,
        key: impl Into<Key>,
        version: i64,
        value: &(impl Serialize + ?Sized),
        options: PutOptions,
    ) -> R::Output<Record<()>> {
        self.0.read(put(key.into(), version, value, options), rows::this)
    }

    /// Changes a record by a JSON merge patch (RFC 7396): null members are removed, objects are merged, everything else
    /// is replaced. With version -1, a record that does not exist starts as `{}`. The type and the TTL stay.
    ///
    /// O(log n), and O(m log m) for m members.
    ///
    /// # Errors
    ///
    /// `conflict` as for [`put`](Self::put).
    pub fn patch(
        &self,
        key: impl Into<Key>,
        version: i64,
        patch: &(impl Serialize + ?Sized),
    ) -> R::Output<Record<()>> {
        self.patch_with(key, version, patch, PutOptions::new())
    }

    /// [`patch`](Self::patch), with another type or time to live.
    pub fn patch_with(
        &self,
        key: impl Into<Key>,
        version: i64,
        patch: &(impl Serialize + ?Sized),
        options: PutOptions,
    ) -> R::Output<Record<()>> {
        self.0.read(self::patch(key.into(), version, patch, options), rows::this)
    }

    /// Returns a record; nothing if there is none.
    ///
    /// O(log n).
    pub fn get<T: DeserializeOwned + 'static>(&self, key: impl Into<Key>) -> R::Output<Option<Record<T>>> {
        self.0.read(Ok(Command::RecordsGet { key: key.into() }), one)
    }

    /// Returns records in the order of the given keys, with nothing for one that does not exist.
    ///
    /// O(log n) each.
    pub fn get_many<T: DeserializeOwned + 'static>(
        &self,
        keys: impl IntoKeys,
    ) -> R::Output<Vec<Option<Record<T>>>> {
        self.0.read(Ok(Command::RecordsGetMany { keys: keys.into_keys() }), each_if_any)
    }

    /// Returns the records whose keys start with a prefix, in the order of the keys' bytes.
    ///
    /// O(log n + offset + records).
    pub fn get_prefix<T: DeserializeOwned + 'static>(
        &self,
        prefix: impl Into<String>,
        window: impl Into<Window>,
    ) -> R::Output<Vec<Record<T>>> {
        self.list(window.into().of(ListOptions::new().prefix(prefix)))
    }

    /// Returns the records in `[start, end)`, in the order of the keys' bytes.
    ///
    /// O(log n + offset + records).
    pub fn get_range<T: DeserializeOwned + 'static>(
        &self,
        start: impl Into<String>,
        end: impl Into<String>,
        window: impl Into<Window>,
    ) -> R::Output<Vec<Record<T>>> {
        self.list(window.into().of(ListOptions::new().start(start).end(end)))
    }

    /// Returns the records of a type, in the order of the keys' bytes.
    ///
    /// O(all records).
    pub fn get_type<T: DeserializeOwned + 'static>(
        &self,
        kind: impl Into<String>,
        window: impl Into<Window>,
    ) -> R::Output<Vec<Record<T>>> {
        self.list(window.into().of(ListOptions::new().kind(kind)))
    }

    /// Returns the records that match the options, in the order of the keys' bytes.
    ///
    /// O(log n + offset + records).
    pub fn list<T: DeserializeOwned + 'static>(&self, options: ListOptions) -> R::Output<Vec<Record<T>>> {
        self.0.read(Ok(options.list()), all)
    }

    /// Returns the number of records.
    ///
    /// O(records).
    pub fn count(&self) -> R::Output<u64> {
        self.0.run(Ok(ListOptions::new().count()))
    }

    /// Returns the number of records whose keys start with a prefix.
    ///
    /// O(log n + the count).
    pub fn count_prefix(&self, prefix: impl Into<String>) -> R::Output<u64> {
        self.0.run(Ok(ListOptions::new().prefix(prefix).count()))
    }

    /// Returns the number of records in `[start, end)`.
    ///
    /// O(log n + the count).
    pub fn count_range(&self, start: impl Into<String>, end: impl Into<String>) -> R::Output<u64> {
        self.0.run(Ok(ListOptions::new().start(start).end(end).count()))
    }

    /// Deletes records and returns how many existed.
    ///
    /// O(log n) each.
    pub fn delete(&self, keys: impl IntoKeys) -> R::Output<u64> {
        self.0.run(Ok(Command::RecordsDelete { keys: keys.into_keys() }))
    }

    /// Deletes the records whose keys start with a prefix and returns how many there were. `*` means all records.
    ///
    /// O(log n) each.
    ///
    /// # Errors
    ///
    /// `invalid-argument` for an empty prefix.
    pub fn delete_prefix(&self, prefix: impl Into<String>, window: impl Into<Window>) -> R::Output<u64> {
        let Window { offset, limit } = window.into();
        self.0.run(Ok(Command::RecordsDeletePrefix { prefix: prefix.into(), offset, limit }))
    }

    /// Deletes the records in `[start, end)` and returns how many there were.
    ///
    /// O(log n) each.
    pub fn delete_range(
        &self,
        start: impl Into<String>,
        end: impl Into<String>,
        window: impl Into<Window>,
    ) -> R::Output<u64> {
        let Window { offset, limit } = window.into();
        self.0.run(Ok(Command::RecordsDeleteRange { start: start.into(), end: end.into(), offset, limit }))
    }

    /// Writes a record that does not exist, with the version, the moments, the type and the expiry that it had in another
    /// store. Its stamp is new, and the change is a creation.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if there is such a record.
    pub fn restore(&self, record: &Record<impl Serialize>) -> R::Output<Record<()>> {
        self.0.read(restore(record), rows::this)
    }

    /// Runs any mix of puts, patches, deletions and new tasks as one transaction. Returns how many records each part
    /// affected.
    ///
    /// ```
    /// # use omnikv::{Kind, MemoryStore, Mutation, prelude::*};
    /// let kv = MemoryStore::new();
    /// let rows = kv.records().mutate([
    ///     Mutation::put("a", 0, &1),
    ///     Mutation::patch("b", -1, &serde_json::json!({ "x": 1 })),
    ///     Mutation::delete_prefix("old:", ()),
    /// ])?;
    /// assert_eq!(rows, [1, 1, 0]);
    /// let twice = kv.records().mutate([Mutation::delete("b"), Mutation::put("a", 0, &2)]);
    /// assert_eq!(twice.unwrap_err().kind(), Kind::Conflict);
    /// assert_eq!(kv.records().count()?, 2);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the first part that fails, with its position; nothing has changed.
    pub fn mutate(&self, mutations: impl IntoIterator<Item = Mutation>) -> R::Output<Vec<u64>> {
        let mutations = mutations.into_iter().map(|mutation| mutation.0).collect::<Result<Vec<_>>>();
        self.0.run(mutations.map(|mutations| Command::RecordsMutate { mutations }))
    }
}

/// The command that restores a record.
pub(crate) fn restore(record: &Record<impl Serialize>) -> Result<Command> {
    building("records.restore", || {
        Ok(Command::RecordsRestore {
            key: (&*record.key).into(),
            version: record.version,
            created: record.created,
            updated: record.updated,
            value: json(&record.value)?,
            kind: record.kind.clone(),
            expiry: record.expires_at.map_or(Expiry::Never, Expiry::At),
        })
    })
}

/// The records of one type, as values of a Rust type. Made by [`Records::of`].
pub struct RecordsOf<'a, R: Run + ?Sized, T> {
    records: Records<'a, R>,
    kind: String,
    of: PhantomData<fn(&T) -> T>,
}

impl<R: Run + ?Sized, T: Serialize + DeserializeOwned + 'static> RecordsOf<'_, R, T> {
    /// [`Records::put`], with this type.
    pub fn put(&self, key: impl Into<Key>, version: i64, value: &T) -> R::Output<Record<()>> {
        self.records.put_with(key, version, value, PutOptions::new().kind(self.kind.clone()))
    }

    /// [`Records::put_with`], with this type.
    pub fn put_with(
        &self,
        key: impl Into<Key>,
        version: i64,
        value: &T,
        options: PutOptions,
    ) -> R::Output<Record<()>> {
        self.records.put_with(key, version, value, options.kind(self.kind.clone()))
    }

    /// [`Records::patch`], with this type.
    pub fn patch(
        &self,
        key: impl Into<Key>,
        version: i64,
        patch: &(impl Serialize + ?Sized),
    ) -> R::Output<Record<()>> {
        self.records.patch_with(key, version, patch, PutOptions::new().kind(self.kind.clone()))
    }

    /// [`Records::patch_with`], with this type.
    pub fn patch_with(
        &self,
        key: impl Into<Key>,
        version: i64,
        patch: &(impl Serialize + ?Sized),
        options: PutOptions,
    ) -> R::Output<Record<()>> {
        self.records.patch_with(key, version, patch, options.kind(self.kind.clone()))
    }

    /// [`Records::get`]. Records of other types are read too, if possible.
    pub fn get(&self, key: impl Into<Key>) -> R::Output<Option<Record<T>>> {
        self.records.get(key)
    }

    /// [`Records::list`], of this type alone.
    pub fn list(&self, options: ListOptions) -> R::Output<Vec<Record<T>>> {
        self.records.list(options.kind(self.kind.clone()))
    }
}
