// Entries with parts of theirs: loads as statements, rows as values.

use super::entries::read_cell;
use super::rows::{BEGIN_LOOK, COMMIT};
use super::session::{Parameter, Session, Step, step};
use super::sql;
use crate::backend::BoxFuture;
use crate::backend::cells::{LoadedParts, Part, Which};
use crate::command::Key;
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::Row;

/// Which parts of which entries.
pub(super) type Asked = Arc<Vec<(Key, Vec<Which>)>>;

/// The entries and the parts, of one moment.
pub(super) fn load(session: &mut Session, asked: Asked) -> BoxFuture<'_, Result<LoadedParts>> {
    Box::pin(async move {
        let keys: Vec<String> = asked.iter().map(|(key, _)| sql::stored(key.as_str()).into_owned()).collect();
        let mut steps = vec![step!(BEGIN_LOOK), step!(sql::LOAD, keys.clone())];
        for (key, (_, which)) in keys.iter().zip(asked.iter()) {
            steps.extend(which.iter().map(|which| statement(key.clone(), which)));
        }
        steps.push(step!(COMMIT));
        let mut answers = session.pipeline(&steps, |_, _| ()).await?.into_iter().skip(1);
        let cells = answers.next().unwrap_or_default();
        let mut cells = cells.iter().map(read_cell).collect::<Result<BTreeMap<_, _>>>()?;
        let mut found = LoadedParts::default();
        for (key, which) in asked.iter() {
            found.entries.cells.push(cells.remove(key.as_str()));
            let rows = answers.by_ref().take(which.len()).flatten();
            found.parts.push(rows.map(|row| read_part(&row)).collect::<Result<_>>()?);
        }
        Ok(found)
    })
}

fn statement(key: String, which: &Which) -> Step {
    match which {
        Which::Covering(numbers) => step!(sql::parts::LOAD_COVERING, key, numbers.clone()),
        Which::Span { from, to, limit } => {
            let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
            step!(sql::parts::LOAD_SPAN, key, *from, *to, limit)
        }
    }
}

fn read_part(row: &Row) -> Result<Part> {
    let name = row.try_get(0).map_err(|_| super::unreadable())?;
    let value: String = row.try_get(1).map_err(|_| super::unreadable())?;
    Ok(Part { name, value: value.into_bytes() })
}
