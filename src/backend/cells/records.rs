// Records in the tables of a SQLite database, inside a transaction: rows to statements and back. What the commands mean
// is the engine's business.

#[macro_use]
mod sql;
mod batches;
mod queries;

use super::database::{Field, Row, Session, integer, unreadable};
use super::overlay::check_row;
use crate::command::{Action, TaskStatus};
use crate::engine::random::Random;
use crate::engine::records::{Change, Changed, Listing, Lock, Record, Space, Storage, Task, Visit, Wanted};
use crate::engine::{Tick, after_prefix};
use crate::error::{Error, Result};
use std::sync::Arc;

/// The most rows to read at a time.
const PAGE: u64 = 256;

/// The records of a database, while a transaction lasts.
pub(super) struct SqlRecords<'a> {
    session: &'a dyn Session,
    /// The most bytes of a row.
    max_row: u64,
    random: Random,
    /// No record that expired up to here is left for the first command.
    expired_until: u64,
    /// How many records have been found, of those that were asked for.
    pub hits: u64,
    pub misses: u64,
    /// Why the database has failed. Then the transaction must be undone, because a command may be half done.
    pub fault: Option<Error>,
}

impl<'a> SqlRecords<'a> {
    pub fn new(session: &'a dyn Session, max_row: u64, random: Random, expired_until: u64) -> SqlRecords<'a> {
        SqlRecords { session, max_row, random, expired_until, hits: 0, misses: 0, fault: None }
    }

    /// Whether a record has expired that is not removed yet.
    #[cfg(feature = "sqlite")]
    pub fn has_expired(&mut self, tick: &Tick) -> Result<bool> {
        Ok(!self.run(sql::EXPIRED, &[integer(tick.now()?)])?.is_empty())
    }

    fn run(&mut self, text: &'static str, parameters: &[Field]) -> Result<Vec<Row>> {
        self.session.run(text, parameters).inspect_err(|error| self.fault = Some(error.clone()))
    }

    fn first<T>(
        &mut self,
        text: &'static str,
        parameters: &[Field],
        read: impl FnOnce(&mut Columns) -> Result<T>,
    ) -> Result<Option<T>> {
        let row = self.run(text, parameters)?.into_iter().next();
        row.map(|row| read(&mut Columns(row.into_iter()))).transpose()
    }

    /// The only number of the only row.
    fn number(&mut self, text: &'static str, parameters: &[Field]) -> Result<u64> {
        self.first(text, parameters, Columns::number)?.ok_or_else(unreadable)
    }

    /// Visits rows page by page. `ask` runs the statement for a number of rows, after some of them and after the last one
    /// that was visited; `read` also returns where the next page begins.
    fn paged<P>(
        &mut self,
        (mut offset, mut left): (u64, u64),
        mut from: P,
        mut ask: impl FnMut(&mut Self, &P, [Field; 2]) -> Result<Vec<Row>>,
        mut visit: impl FnMut(&mut Columns) -> Result<P>,
    ) -> Result<()> {
        while left > 0 {
            let asked = left.min(PAGE);
            let rows = ask(self, &from, [integer(asked), integer(offset)])?;
            let count = rows.len() as u64;
            for row in rows {
                from = visit(&mut Columns(row.into_iter()))?;
            }
            if count < asked {
                break;
            }
            left -= count;
            offset = 0;
        }
        Ok(())
    }

    /// Counts the rows of one statement, and removes them by another.
    fn remove(&mut self, [count, delete]: [&'static str; 2], parameters: &[Field]) -> Result<u64> {
        let count = self.number(count, parameters)?;
        if count > 0 {
            self.run(delete, parameters)?;
        }
        Ok(count)
    }
}

impl Space {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Space::Lock => "lock",
            Space::Consumer => "consumer",
        }
    }
}

fn text(text: &str) -> Field {
    Field::Text(text.to_owned())
}

fn optional_text(given: Option<&str>) -> Field {
    given.map_or(Field::Null, text)
}

fn optional_integer(number: Option<u64>) -> Field {
    number.map_or(Field::Null, integer)
}

/// The first key that is greater.
fn after(key: &str) -> String {
    [key, "\0"].concat()
}

/// Where a listing begins.
fn first_key(listing: &Listing) -> Field {
    let from = listing.prefix.unwrap_or_default().max(listing.start.unwrap_or_default());
    match listing.after {
        Some(key) if key >= from => text(&after(key)),
        _ => text(from),
    }
}

/// Where a listing ends, and the type of its records.
fn filters(listing: &Listing) -> [Field; 2] {
    let ends = [listing.end.map(str::to_owned), after_prefix(listing.prefix.unwrap_or_default())];
    [optional_text(ends.into_iter().flatten().min().as_deref()), optional_text(listing.kind)]
}

/// The first and the end of the keys with a prefix.
fn bounds(prefix: &str) -> [Field; 2] {
    [text(prefix), optional_text(after_prefix(prefix).as_deref())]
}

/// The columns of a row, in order.
struct Columns(std::vec::IntoIter<Field>);

impl Columns {
    fn optional<T: From<String>>(&mut self) -> Result<Option<T>> {
        match self.0.next() {
            Some(Field::Text(text)) => Ok(Some(text.into())),
            Some(Field::Blob(bytes)) => {
                String::from_utf8(bytes).map(|text| Some(text.into())).map_err(|_| unreadable())
            }
            Some(Field::Null) => Ok(None),
            _ => Err(unreadable()),
        }
    }

    fn text<T: From<String>>(&mut self) -> Result<T> {
        self.optional()?.ok_or_else(unreadable)
    }

    fn signed(&mut self) -> Result<Option<i64>> {
        match self.0.next() {
            Some(Field::Int(number)) => Ok(Some(number)),
            // A number that may be too large for JavaScript is read as text.
            Some(Field::Text(digits)) => digits.parse().map(Some).map_err(|_| unreadable()),
            Some(Field::Null) => Ok(None),
            _ => Err(unreadable()),
        }
    }

    fn optional_number(&mut self) -> Result<Option<u64>> {
        self.signed()?.map(|number| u64::try_from(number).map_err(|_| unreadable())).transpose()
    }

    fn number(&mut self) -> Result<u64> {
        self.optional_number()?.ok_or_else(unreadable)
    }

    fn record(&mut self) -> Result<Record> {
        Ok(Record {
            key: self.text()?,
            version: self.number()?,
            stamp: self.number()?,
            kind: self.optional()?,
            created: self.number()?,
            updated: self.number()?,
            deadline: self.optional_number()?,
            value: self.text()?,
        })
    }

    fn change(&mut self) -> Result<Change> {
        Ok(Change {
            seq: self.number()?,
            action: Action::from_name(&self.text::<String>()?).ok_or_else(unreadable)?,
            at: self.number()?,
            record: Arc::new(self.record()?),
        })
    }

    fn lock(&mut self) -> Result<Lock> {
        Ok(Lock {
            owner: self.text()?,
            token: self.number()?,
            acquired: self.number()?,
            until: self.number()?,
        })
    }

    fn position(&mut self) -> Result<(Box<str>, u64)> {
        Ok((self.text()?, self.number()?))
    }

    fn task(&mut self) -> Result<Arc<Task>> {
        Ok(Arc::new(Task {
            number: self.number()?,
            id: self.text()?,
            name: self.text()?,
            unique: self.optional()?,
            payload: self.text()?,
            status: TaskStatus::from_name(&self.text::<String>()?).ok_or_else(unreadable)?,
            created: self.number()?,
            due: self.number()?,
            started: self.optional_number()?,
            ended: self.optional_number()?,
            tries: self.number()?,
            max_retries: self.number()?,
            timeout: self.optional_number()?,
            priority: self.signed()?.ok_or_else(unreadable)?,
            error: self.optional()?,
            worker: self.optional()?,
            token: self.optional_number()?,
            until: self.optional_number()?,
        }))
    }
}

fn fields_of_record(record: &Record) -> [Field; 8] {
    [
        text(&record.key),
        integer(record.version),
        integer(record.stamp),
        optional_text(record.kind.as_deref()),
        integer(record.created),
        integer(record.updated),
        optional_integer(record.deadline),
        text(&record.value),
    ]
}

fn fields_of_task(task: &Task) -> [Field; 18] {
    [
        integer(task.number),
        text(&task.id),
        text(&task.name),
        optional_text(task.unique.as_deref()),
        text(&task.payload),
        text(task.status.name()),
        integer(task.created),
        integer(task.due),
        optional_integer(task.started),
        optional_integer(task.ended),
        integer(task.tries),
        integer(task.max_retries),
        optional_integer(task.timeout),
        Field::Int(task.priority),
        optional_text(task.error.as_deref()),
        optional_text(task.worker.as_deref()),
        optional_integer(task.token),
        optional_integer(task.until),
    ]
}

impl Storage for SqlRecords<'_> {
    fn reserve(&mut self, row: usize, _growth: usize) -> Result<()> {
        check_row(row, self.max_row)
    }

    fn count_reads(&mut self, found: usize, asked: usize) {
        self.hits += found as u64;
        self.misses += (asked - found) as u64;
    }

    fn random(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    fn draw(&mut self) -> Result<u64> {
        self.number(sql::DRAW, &[])
    }

    fn savepoint(&mut self, work: &mut dyn FnMut(&mut dyn Storage) -> Result<()>) -> Result<()> {
        let session = self.session;
        session.savepoint(&mut || work(self))
    }

    fn record(&mut self, key: &str) -> Result<Option<Arc<Record>>> {
        self.first(sql::RECORD, &[text(key)], |row| row.record().map(Arc::new))
    }

    fn each_record(&mut self, listing: &Listing, visit: Visit<Arc<Record>>) -> Result<()> {
        let (from, filters) = (first_key(listing), filters(listing));
        self.paged(
            (listing.offset.unwrap_or(0), listing.limit.unwrap_or(u64::MAX)),
            from,
            |records, from, page| {
                let from = std::slice::from_ref(from);
                records.run(sql::RECORDS, &[from, filters.as_slice(), page.as_slice()].concat())
            },
            |row| {
                let record = Arc::new(row.record()?);
                visit(&record)?;
                Ok(text(&after(&record.key)))
            },
        )
    }

    fn count_records(&mut self, listing: &Listing) -> Result<u64> {
        let from = first_key(listing);
        self.number(sql::COUNT_RECORDS, &[&[from], filters(listing).as_slice()].concat())
    }

    fn expired(&mut self, tick: &Tick) -> Result<Option<Arc<Record>>> {
        // Without the right to write, the reader sees the records as of the last moment at which nothing had expired.
        // What commands write may have expired at once, so only the first is spared the question.
        if !self.session.is_writable() || std::mem::take(&mut self.expired_until) >= tick.now()? {
            return Ok(None);
        }
        self.first(sql::EXPIRED, &[integer(tick.now()?)], |row| row.record().map(Arc::new))
    }

    fn change(&mut self, change: Change) -> Result<()> {
        let record = fields_of_record(&change.record);
        let head = [integer(change.seq), text(change.action.name()), integer(change.at)];
        self.run(sql::PUT_CHANGE, &[head.as_slice(), record.as_slice()].concat())?;
        match change.action {
            Action::Create | Action::Update => self.run(sql::PUT_RECORD, &record)?,
            Action::Delete => self.run(sql::DELETE_RECORD, &record[..1])?,
        };
        Ok(())
    }

    fn each_change(&mut self, filter: &Changed, visit: Visit<Change>) -> Result<()> {
        let ([start, end], kind) = (bounds(filter.prefix), optional_text(filter.kind));
        self.paged(
            (0, filter.limit),
            filter.from,
            |records, from, [limit, _]| {
                let parameters = [integer(*from), start.clone(), end.clone(), kind.clone(), limit];
                records.run(sql::CHANGES, &parameters)
            },
            |row| {
                let change = row.change()?;
                visit(&change)?;
                Ok(change.seq + 1)
            },
        )
    }

    fn latest(&mut self) -> Result<u64> {
        self.number(sql::LATEST, &[])
    }

    fn advance(&mut self, seq: u64) -> Result<()> {
        self.run(sql::ADVANCE, &[integer(seq)]).map(drop)
    }

    fn trim_changes(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let [start, end] = bounds(prefix);
        self.run(sql::KEEP_LATEST, &[])?;
        self.remove(sql::TRIM_CHANGES, &[integer(before), start, end])
    }

    fn lock(&mut self, space: Space, name: &str) -> Result<Option<Lock>> {
        self.first(sql::LOCK, &[text(space.name()), text(name)], Columns::lock)
    }

    fn put_lock(&mut self, space: Space, name: &str, lock: Lock) -> Result<()> {
        self.run(sql::SWEEP_LOCKS, &[integer(lock.acquired)])?;
        let fields = [
            text(space.name()),
            text(name),
            text(&lock.owner),
            integer(lock.token),
            integer(lock.acquired),
            integer(lock.until),
        ];
        self.run(sql::PUT_LOCK, &fields).map(drop)
    }

    fn remove_lock(&mut self, space: Space, name: &str) -> Result<()> {
        self.run(sql::DELETE_LOCK, &[text(space.name()), text(name)]).map(drop)
    }

    fn position(&mut self, name: &str) -> Result<Option<u64>> {
        self.first(sql::POSITION, &[text(name)], Columns::number)
    }

    fn each_position(&mut self, prefix: &str, visit: Visit<(Box<str>, u64)>) -> Result<()> {
        let rows = self.run(sql::POSITIONS, &bounds(prefix))?;
        rows.into_iter().try_for_each(|row| visit(&Columns(row.into_iter()).position()?))
    }

    fn put_position(&mut self, name: &str, seq: u64) -> Result<()> {
        self.run(sql::PUT_POSITION, &[text(name), integer(seq)]).map(drop)
    }

    fn remove_position(&mut self, name: &str) -> Result<()> {
        self.run(sql::DELETE_POSITION, &[text(name)]).map(drop)
    }

    fn task(&mut self, id: &str) -> Result<Option<Arc<Task>>> {
        self.first(sql::TASK, &[text(id)], Columns::task)
    }

    fn task_of_unique(&mut self, unique: &str) -> Result<Option<Arc<Task>>> {
        self.first(sql::TASK_OF_UNIQUE, &[text(unique)], Columns::task)
    }

    fn next_task(&mut self, name: &str, now: u64) -> Result<Option<Arc<Task>>> {
        let parameters = [text(name), integer(now)];
        let due = self.first(sql::NEXT_DUE, &parameters, Columns::task)?;
        let lost = self.first(sql::NEXT_LOST, &parameters, Columns::task)?;
        Ok([due, lost].into_iter().flatten().min_by_key(|task| task.rank()))
    }

    fn lost_tasks(&mut self, name: &str, now: u64) -> Result<Vec<Arc<Task>>> {
        let rows = self.run(sql::LOST_TASKS, &[text(name), integer(now)])?;
        rows.into_iter().map(|row| Columns(row.into_iter()).task()).collect()
    }

    fn put_task(&mut self, task: Arc<Task>) -> Result<()> {
        self.run(sql::PUT_TASK, &fields_of_task(&task)).map(drop)
    }

    fn each_task(&mut self, filter: &Wanted, visit: Visit<Arc<Task>>) -> Result<()> {
        let [start, end] = bounds(filter.prefix);
        let (status, name) = (optional_text(filter.status.map(TaskStatus::name)), optional_text(filter.name));
        self.paged(
            (filter.offset, filter.limit),
            0,
            |records, after, [limit, offset]| {
                let filters = [start.clone(), end.clone(), status.clone(), name.clone()];
                let page = [integer(*after), limit, offset];
                records.run(sql::TASKS, &[filters.as_slice(), page.as_slice()].concat())
            },
            |row| {
                let task = row.task()?;
                visit(&task)?;
                Ok(task.number)
            },
        )
    }

    fn trim_tasks(&mut self, before: u64, prefix: &str) -> Result<u64> {
        let [start, end] = bounds(prefix);
        self.remove(sql::TRIM_TASKS, &[integer(before), start, end])
    }

    fn flush(&mut self, prefix: &str) -> Result<()> {
        self.run(sql::KEEP_LATEST, &[])?;
        for statement in sql::FLUSH {
            self.run(statement, &bounds(prefix))?;
        }
        Ok(())
    }
}
