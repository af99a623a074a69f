// Parts of long collections as rows: the statements that load and write them.

use super::{Database, Field, Row, SqlCells, Statement, integer, statement, text, unreadable};
use crate::backend::BoxFuture;
use crate::backend::cells::{Form, LoadedParts, Part, PartStore, Which, sql};
use crate::command::{Bytes, Key};
use crate::error::Result;

/// So many parts are a statement each: that is faster than one whose parameter must be parsed.
const FEW: usize = 4;

/// Where many parts are one statement, the bytes of its parameter after which another one begins: databases limit it.
const MOST_BYTES: usize = 512 << 10;

/// Appends the statements that write the parts of an entry.
pub(super) fn write(key: &Key, form: &Form, statements: &mut Vec<Statement>) {
    let Form::Long { parts, keeps_others } = form else { return };
    if !keeps_others {
        statements.push(statement(sql::DELETE_ALL_PARTS, vec![text(key)]));
    }
    let gone: Vec<i64> = parts.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| *name).collect();
    if !gone.is_empty() {
        statements.push(statement(sql::DELETE_PARTS, vec![text(key), json(&gone)]));
    }
    let kept = parts.iter().filter_map(|(name, value)| Some((*name, str::from_utf8(value.as_ref()?).ok()?)));
    let kept: Vec<(i64, &str)> = kept.collect();
    if kept.len() <= FEW {
        for (name, value) in kept {
            let parameters = vec![text(key), Field::Int(name), Field::Text(value.to_owned())];
            statements.push(statement(sql::PUT_PART, parameters));
        }
        return;
    }
    let mut bytes = 0;
    let groups = kept.chunk_by(|_, (_, value)| {
        bytes += value.len();
        let goes_on = bytes <= MOST_BYTES;
        bytes = if goes_on { bytes } else { 0 };
        goes_on
    });
    statements.extend(groups.map(|group| statement(sql::PUT_PARTS, vec![text(key), json(&group)])));
}

fn json(value: &impl serde::Serialize) -> Field {
    // Numbers and texts always have a JSON form.
    Field::Text(serde_json::to_string(value).unwrap_or_default())
}

fn load(key: &Key, which: &Which) -> Statement {
    match which {
        Which::Covering(numbers) => match numbers.as_slice() {
            [number] => load(key, &Which::Span { from: *number, to: *number, limit: 1 }),
            numbers => statement(sql::LOAD_COVERING, vec![text(key), json(&numbers)]),
        },
        Which::Span { from, to, limit } => {
            let parameters = vec![text(key), Field::Int(*from), Field::Int(*to), integer(*limit)];
            statement(sql::LOAD_SPAN, parameters)
        }
    }
}

fn read_part(row: Row) -> Result<Part> {
    let (name, value): (Field, Field) = <[Field; 2]>::try_from(row).map_err(|_| unreadable())?.into();
    let value: Bytes = match value {
        Field::Text(text) => text.into_bytes(),
        Field::Blob(bytes) => bytes,
        Field::Null | Field::Int(_) => return Err(unreadable()),
    };
    let Field::Int(name) = name else { return Err(unreadable()) };
    Ok(Part { name, value })
}

impl<D: Database> SqlCells<D> {
    async fn load_parts(&self, asked: &[(Key, Vec<Which>)]) -> Result<LoadedParts> {
        let keys: Vec<Key> = asked.iter().map(|(key, _)| key.clone()).collect();
        let mut statements = Self::loads(&keys);
        statements.extend(asked.iter().flat_map(|(key, which)| which.iter().map(|which| load(key, which))));
        let rows = self.prepared().await?.batch(statements, false).await?.ok_or_else(unreadable)?;
        let mut rows = rows.into_iter();
        let mut found = LoadedParts::default();
        found.entries.cells = Self::read_cells(rows.by_ref().take(keys.len()))?;
        for (_, which) in asked {
            let rows = rows.by_ref().take(which.len()).flatten();
            found.parts.push(rows.map(read_part).collect::<Result<_>>()?);
        }
        Ok(found)
    }
}

impl<D: Database> PartStore for SqlCells<D> {
    fn load<'a>(&'a self, asked: &'a [(Key, Vec<Which>)]) -> BoxFuture<'a, Result<LoadedParts>> {
        Box::pin(self.load_parts(asked))
    }
}
