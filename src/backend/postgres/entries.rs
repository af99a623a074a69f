// Entries: commits and listings as statements, rows as values.

use super::session::{Parameter, Parameters, Session};
use super::sql;
use crate::backend::BoxFuture;
use crate::backend::cells::{Cell, Commit, Form, Head, Listing, Span, Write};
use crate::command::{Key, ValueType};
use crate::error::Result;
use std::borrow::Cow;
use std::collections::BTreeSet;
use tokio_postgres::Row;

/// Several commits as one call of `omnikv_commit`.
#[derive(Default)]
pub(super) struct Call<'a> {
    lock_keys: Vec<Cow<'a, str>>,
    lock_exclusive: Vec<bool>,
    check_of: Vec<i32>,
    check_keys: Vec<Cow<'a, str>>,
    check_versions: Vec<Option<i64>>,
    put_of: Vec<i32>,
    put_keys: Vec<Cow<'a, str>>,
    put_values: Vec<&'a [u8]>,
    put_types: Vec<&'static str>,
    put_deadlines: Vec<Option<i64>>,
    put_versions: Vec<i64>,
    delete_of: Vec<i32>,
    delete_keys: Vec<Cow<'a, str>>,
    now_ms: i64,
    fresh_of: Vec<i32>,
    fresh_keys: Vec<Cow<'a, str>>,
    part_of: Vec<i32>,
    part_keys: Vec<Cow<'a, str>>,
    part_names: Vec<i64>,
    part_values: Vec<Option<&'a str>>,
}

impl<'a> Call<'a> {
    /// Adds a commit with its number and its version.
    pub fn add(&mut self, number: i32, commit: &'a Commit, version: u64) {
        let mut there = BTreeSet::new();
        for (key, version) in &commit.checks {
            let stored = sql::stored(key.as_str());
            match version {
                Some(_) => drop(there.insert(key)),
                None => self.lock(stored.clone(), true),
            }
            self.check_of.push(number);
            self.check_keys.push(stored);
            self.check_versions.push(version.map(u64::cast_signed));
        }
        for write in &commit.writes {
            let stored = sql::stored(write.key().as_str());
            match write {
                Write::Put { key, value, kind, deadline, form } => {
                    self.add_parts(number, stored.clone(), form);
                    // A key that must be there is not inserted.
                    if !there.contains(key) {
                        self.lock(stored.clone(), false);
                    }
                    self.put_of.push(number);
                    self.put_keys.push(stored);
                    self.put_values.push(value);
                    self.put_types.push(Cell::type_text(*kind, form.is_long()));
                    self.put_deadlines.push(deadline.map(clamped));
                    self.put_versions.push(version.cast_signed());
                }
                Write::Delete { .. } => {
                    self.delete_of.push(number);
                    self.delete_keys.push(stored);
                }
            }
        }
        let now_ms = clamped(commit.now_ms);
        self.now_ms = if number == 0 { now_ms } else { self.now_ms.min(now_ms) };
    }

    fn add_parts(&mut self, number: i32, key: Cow<'a, str>, form: &'a Form) {
        let Form::Long { parts, keeps_others } = form else { return };
        if !keeps_others {
            self.fresh_of.push(number);
            self.fresh_keys.push(key.clone());
        }
        for (name, value) in parts {
            self.part_of.push(number);
            self.part_keys.push(key.clone());
            self.part_names.push(*name);
            // JSON is UTF-8.
            self.part_values.push(value.as_deref().and_then(|value| str::from_utf8(value).ok()));
        }
    }

    /// Whether any commit writes parts.
    pub fn has_parts(&self) -> bool {
        !self.fresh_of.is_empty() || !self.part_of.is_empty()
    }

    fn lock(&mut self, key: Cow<'a, str>, is_exclusive: bool) {
        self.lock_keys.push(key);
        self.lock_exclusive.push(is_exclusive);
    }

    /// Runs it, and returns the numbers of the commits that were not done.
    pub async fn run(&self, session: &mut Session) -> Result<BTreeSet<usize>> {
        let parameters: Parameters<'_> = &[
            &self.lock_keys,
            &self.lock_exclusive,
            &self.check_of,
            &self.check_keys,
            &self.check_versions,
            &self.put_of,
            &self.put_keys,
            &self.put_values,
            &self.put_types,
            &self.put_deadlines,
            &self.put_versions,
            &self.delete_of,
            &self.delete_keys,
            &self.now_ms,
        ];
        let rows = match self.has_parts() {
            false => session.query(sql::COMMIT, parameters).await?,
            true => {
                let parts: Parameters<'_> = &[
                    &self.fresh_of,
                    &self.fresh_keys,
                    &self.part_of,
                    &self.part_keys,
                    &self.part_names,
                    &self.part_values,
                ];
                session.query(sql::parts::COMMIT, &[parameters, parts].concat()).await?
            }
        };
        let failed: Option<Vec<i32>> = rows.first().and_then(|row| row.try_get(0).ok());
        let failed = failed.ok_or_else(super::unreadable)?.into_iter();
        failed.map(|number| usize::try_from(number).map_err(|_| super::unreadable())).collect()
    }

    /// The parameters, for a transaction with other statements.
    pub fn into_parameters(self) -> Vec<Parameter> {
        let owned =
            |texts: Vec<Cow<'_, str>>| texts.into_iter().map(Cow::into_owned).collect::<Vec<String>>();
        let has_parts = self.has_parts();
        let mut parameters: Vec<Parameter> = vec![
            Box::new(owned(self.lock_keys)),
            Box::new(self.lock_exclusive),
            Box::new(self.check_of),
            Box::new(owned(self.check_keys)),
            Box::new(self.check_versions),
            Box::new(self.put_of),
            Box::new(owned(self.put_keys)),
            Box::new(self.put_values.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()),
            Box::new(self.put_types),
            Box::new(self.put_deadlines),
            Box::new(self.put_versions),
            Box::new(self.delete_of),
            Box::new(owned(self.delete_keys)),
            Box::new(self.now_ms),
        ];
        if has_parts {
            let values = self.part_values.into_iter().map(|value| value.map(str::to_owned));
            let parts: [Parameter; 6] = [
                Box::new(self.fresh_of),
                Box::new(owned(self.fresh_keys)),
                Box::new(self.part_of),
                Box::new(owned(self.part_keys)),
                Box::new(self.part_names),
                Box::new(values.collect::<Vec<Option<String>>>()),
            ];
            parameters.extend(parts);
        }
        parameters
    }
}

/// A moment as its column holds it.
fn clamped(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

/// A page of the keyspace, from the beginning of the span on.
pub(super) fn list(session: &mut Session, span: Span, limit: usize) -> BoxFuture<'_, Result<Listing>> {
    Box::pin(async move { list_page(session, &span, limit).await })
}

async fn list_page(session: &mut Session, span: &Span, limit: usize) -> Result<Listing> {
    let (start, end) = (sql::stored(&span.start), sql::stored_end(span.end.as_deref()));
    // Request one entry more than wanted, to see whether there is another page.
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let text = if span.reverse { sql::LIST_REVERSE } else { sql::LIST };
    let rows = session.query(text, &[&start, &end, &asked]).await?;
    let has_more = rows.len() > limit;
    let heads = rows.iter().take(limit).map(read_head).collect::<Result<Vec<_>>>()?;
    let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
    Ok(Listing { heads, next, now_ms: None })
}

/// A key and its entry.
pub(super) fn read_cell(row: &Row) -> Result<(String, Cell)> {
    let (kind, is_long) = kind(row, 2)?;
    let cell = Cell {
        value: row.try_get(1).map_err(|_| super::unreadable())?,
        kind,
        is_long,
        deadline: deadline(row, 3)?,
        version: version(row, 4)?,
    };
    Ok((text(row, 0)?, cell))
}

fn read_head(row: &Row) -> Result<Head> {
    Ok(Head {
        key: Key(text(row, 0)?),
        kind: kind(row, 1)?.0,
        deadline: deadline(row, 2)?,
        version: version(row, 3)?,
    })
}

fn text(row: &Row, column: usize) -> Result<String> {
    row.try_get(column).map(sql::read).map_err(|_| super::unreadable())
}

fn kind(row: &Row, column: usize) -> Result<(ValueType, bool)> {
    let name: &str = row.try_get(column).map_err(|_| super::unreadable())?;
    Cell::read_type(name).ok_or_else(super::unreadable)
}

/// A moment before 1970 is simply in the past.
fn deadline(row: &Row, column: usize) -> Result<Option<u64>> {
    let moment: Option<i64> = row.try_get(column).map_err(|_| super::unreadable())?;
    Ok(moment.map(|moment| u64::try_from(moment).unwrap_or(0)))
}

fn version(row: &Row, column: usize) -> Result<u64> {
    row.try_get(column).map(i64::cast_unsigned).map_err(|_| super::unreadable())
}
