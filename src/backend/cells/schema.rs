// The tables of SQLite-based stores, and how a database of an earlier version gets those of this one. What is in the
// tables, and who runs the statements, does not matter here.

//! Versions of the tables. A database has a row in `omnikv_schema` for each step that was applied to it. A step is one
//! transaction, which does nothing if another program has just applied it.

use super::database::{integer, unreadable};
use super::{Database, Field, Row, Statement, sql};
use crate::error::{Error, Kind, Result};

/// The steps, from an empty database on. Step 1 also takes over a database from before there were versions: what it
/// creates exists there already, in part or completely. Steps that were published never change.
const STEPS: &[&[&str]] = &[&sql::SCHEMA, &sql::LONG];

/// Comes first in every step.
const BEGIN: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS omnikv_schema (version INTEGER NOT NULL PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS omnikv_checks (holds INTEGER NOT NULL CONSTRAINT omnikv_conflict CHECK (holds))",
];

/// Fails with [`sql::CONFLICT`] unless this is the next step. Parameter: its number.
const IS_NEXT: &str = "INSERT INTO omnikv_checks (holds) \
     SELECT 0 WHERE (SELECT COALESCE(MAX(version), 0) + 1 FROM omnikv_schema) IS NOT ?1";

/// Parameter: the number of the step.
const END: &str = "INSERT INTO omnikv_schema (version) VALUES (?1)";

const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM omnikv_schema";

/// How many times a step is tried that other programs apply, too.
const TRIES: u32 = 16;

/// Brings a database's tables to this version. Takes one trip that only reads if they have it.
///
/// # Errors
///
/// `unsupported` if a later version of omnikv has used the database; errors of the database.
pub async fn prepare(database: &impl Database) -> Result<()> {
    prepare_by(database, STEPS).await
}

async fn prepare_by(database: &impl Database, steps: &[&'static [&'static str]]) -> Result<()> {
    let mut version = match version_of(database).await {
        // Without the table, SQLite fails; then the first step creates it, or fails for the same reason.
        Err(error) if error.kind() == Kind::Internal => 0,
        version => version?,
    };
    let mut tries = 0;
    while let Some(step) = next(version, steps)? {
        let number = version + 1;
        let applied = database.batch(statements(number, step), true).await;
        if let Ok(Some(_)) = applied {
            version = number;
            continue;
        }
        // Another program may have applied it meanwhile.
        tries += 1;
        version = match (version_of(database).await, applied) {
            (Ok(now), _) if now > version => now,
            (_, Err(error)) => return Err(error),
            (now, Ok(_)) if tries < TRIES => now?,
            (_, Ok(_)) => {
                return Err(Error::new(Kind::Conflict, "(database) is being upgraded by others: try again"));
            }
        };
    }
    Ok(())
}

async fn version_of(database: &impl Database) -> Result<u64> {
    let ask = Statement { text: VERSION, parameters: Vec::new() };
    let rows = database.batch(vec![ask], false).await?;
    number(rows.and_then(|mut rows| rows.pop()).and_then(|mut rows| rows.pop()))
}

fn number(row: Option<Row>) -> Result<u64> {
    match row.as_deref() {
        Some([Field::Int(version)]) => u64::try_from(*version).map_err(|_| unreadable()),
        _ => Err(unreadable()),
    }
}

/// The step after this version.
fn next<'a>(version: u64, steps: &[&'a [&'static str]]) -> Result<Option<&'a [&'static str]>> {
    if version > steps.len() as u64 {
        let message = format!(
            "(database) has tables of version {version}, made by a later omnikv; this one knows {}: upgrade it",
            steps.len()
        );
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(usize::try_from(version).ok().and_then(|version| steps.get(version)).copied())
}

/// The statements of a step, with its number.
fn statements(number: u64, step: &[&'static str]) -> Vec<Statement> {
    let number = || vec![integer(number)];
    let plain = |text: &&'static str| Statement { text, parameters: Vec::new() };
    let begin = BEGIN.iter().map(plain).chain([Statement { text: IS_NEXT, parameters: number() }]);
    begin.chain(step.iter().map(plain)).chain([Statement { text: END, parameters: number() }]).collect()
}

#[cfg(all(test, feature = "sqlite", not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::backend::{BoxFuture, Capabilities};
    use pollster::block_on;
    use rusqlite::{Connection, params_from_iter};
    use std::sync::Mutex;

    struct Memory(Mutex<Connection>);

    impl Memory {
        fn run(&self, statements: &[Statement]) -> rusqlite::Result<Vec<Vec<Row>>> {
            let mut connection = self.0.lock().unwrap();
            let batch = connection.transaction()?;
            let run = |statement: &Statement| {
                let mut prepared = batch.prepare(statement.text)?;
                let rows = prepared.query_map(params_from_iter(&statement.parameters), |row| {
                    row.get(0).map(|number| vec![Field::Int(number)])
                })?;
                rows.collect()
            };
            let rows = statements.iter().map(run).collect::<rusqlite::Result<_>>()?;
            batch.commit()?;
            Ok(rows)
        }
    }

    impl Database for Memory {
        fn name(&self) -> &'static str {
            "memory"
        }

        fn batch(
            &self,
            statements: Vec<Statement>,
            _writes: bool,
        ) -> BoxFuture<'_, Result<Option<Vec<Vec<Row>>>>> {
            let rows = match self.run(&statements) {
                Err(error) if error.to_string().contains(sql::CONFLICT) => Ok(None),
                Err(error) => Err(Error::new(Kind::Internal, error.to_string())),
                Ok(rows) => Ok(Some(rows)),
            };
            Box::pin(std::future::ready(rows))
        }

        fn capabilities(&self) -> Capabilities {
            unreachable!("no store asks")
        }

        fn close(&self) -> BoxFuture<'_, Result<()>> {
            unreachable!("no store closes it")
        }
    }

    const FIRST: &[&str] = &["CREATE TABLE IF NOT EXISTS t (a INTEGER)"];
    // Fails if it is applied twice.
    const SECOND: &[&str] = &["INSERT INTO t VALUES (1)", "ALTER TABLE t ADD COLUMN b INTEGER"];
    const BROKEN: &[&str] = &["INSERT INTO t VALUES (2, 2)", "no statement"];

    #[test]
    fn each_step_is_applied_once_and_as_a_whole() {
        let database = Memory(Mutex::new(Connection::open_in_memory().unwrap()));
        let prepare = |steps: &[&'static [&'static str]]| block_on(prepare_by(&database, steps));
        let number = |query| {
            let connection = database.0.lock().unwrap();
            connection.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        prepare(&[FIRST]).unwrap();
        database.0.lock().unwrap().execute("INSERT INTO t VALUES (7)", []).unwrap();
        for _ in 0..2 {
            prepare(&[FIRST, SECOND]).unwrap();
            assert_eq!(number("SELECT SUM(a) FROM t"), 8);
            assert_eq!(number("SELECT COUNT(*) + 10 * MAX(version) FROM omnikv_schema"), 22);
        }
        assert_eq!(prepare(&[FIRST, SECOND, BROKEN]).unwrap_err().kind(), Kind::Internal);
        assert_eq!(number("SELECT SUM(a) FROM t"), 8);
        let error = prepare(&[FIRST]).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
        assert!(error.message().contains("version 2") && error.message().contains("knows 1"), "{error}");
        // Who has read an earlier version applies nothing.
        assert_eq!(block_on(database.batch(statements(2, SECOND), true)), Ok(None));
    }
}
