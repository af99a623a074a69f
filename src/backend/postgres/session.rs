// One connection: its tables are there, and its statements are prepared when they are first run. Who uses it when does not
// matter here.

use super::connect::Connect;
use super::settings::Settings;
use super::{fault, sql};
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use futures_util::FutureExt;
use futures_util::future::{MaybeDone, maybe_done};
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row, SimpleQueryMessage, Statement};

/// A statement's parameters, in order.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A parameter of a statement in a pipeline.
pub(super) type Parameter = Box<dyn ToSql + Sync + Send>;

/// A statement of [`sql`], and its parameters in order.
pub(super) struct Step {
    pub text: &'static str,
    pub parameters: Vec<Parameter>,
}

/// A step with these parameters.
macro_rules! step {
    ($text:expr $(, $parameter:expr)* $(,)?) => {
        Step { text: $text, parameters: vec![$(Box::new($parameter) as Parameter),*] }
    };
}
pub(super) use step;

/// A connection that is open, used by one task at a time. Dropping it closes it.
pub(super) struct Session {
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    schema: String,
    place: String,
}

impl Session {
    /// Opens a connection.
    pub async fn open(settings: &Settings, connect: &dyn Connect, timer: &dyn Timer) -> Result<Session> {
        let mut config = tokio_postgres::Config::new();
        config.user(&settings.user).dbname(&settings.database).application_name(&settings.application_name);
        // What encrypts is below the stream.
        config.ssl_mode(SslMode::Disable);
        if let Some(password) = &settings.password {
            config.password(password);
        }
        let place = settings.place();
        let stream = connect.connect(settings).await?;
        let (client, connection) = config
            .connect_raw(stream, NoTls)
            .await
            .map_err(|error| fault::while_connecting(error, &place))?;
        timer.spawn(Box::pin(async move {
            // Whoever waits for an answer learns of it.
            let _ = connection.await;
        }));
        let session = Session { client, prepared: HashMap::new(), schema: settings.schema.clone(), place };
        // What the caller no longer waits for must not go on holding locks.
        let timeout = settings.timeout.as_millis().clamp(1, i32::MAX as u128);
        session.batch(&format!("SET statement_timeout = {timeout}")).await?;
        Ok(session)
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs a statement of [`sql`].
    pub async fn query(&mut self, text: &'static str, parameters: Parameters<'_>) -> Result<Vec<Row>> {
        self.prepare(text).await?;
        let rows = self.client.query(self.prepared(text)?, parameters).await;
        rows.map_err(|error| fault::while_running(error, &self.place))
    }

    /// Runs statements in one round trip, and returns the rows of each. `seen` gets them as they arrive. If one fails,
    /// those after it run nevertheless, unless they are in a transaction, and the error is that of the first.
    pub async fn pipeline(
        &mut self,
        steps: &[Step],
        mut seen: impl FnMut(usize, &[Row]),
    ) -> Result<Vec<Vec<Row>>> {
        for step in steps {
            self.prepare(step.text).await?;
        }
        let client = &self.client;
        let mut running = Vec::with_capacity(steps.len());
        for step in steps {
            let parameters: Vec<&(dyn ToSql + Sync)> =
                step.parameters.iter().map(|parameter| &**parameter as _).collect();
            let statement = self.prepared(step.text)?;
            running.push(Box::pin(async move { client.query(statement, &parameters).await }));
        }
        let mut queries: Vec<_> = running.into_iter().map(maybe_done).collect();
        // Each is sent when it is first polled. If one cannot be sent, those after it must not be, least of all a COMMIT.
        let sent = poll_fn(|context| {
            let fails = |query: &mut MaybeDone<_>| {
                query.poll_unpin(context).is_ready() && matches!(query, MaybeDone::Done(Err(_)))
            };
            let failed = queries.iter_mut().position(fails);
            Poll::Ready(failed.map_or(queries.len(), |failed| failed + 1))
        });
        let sent = sent.await;
        let (mut answers, mut failure) = (Vec::with_capacity(sent), None);
        for (number, mut query) in queries.into_iter().take(sent).enumerate() {
            (&mut query).await;
            match Pin::new(&mut query).take_output() {
                Some(Ok(rows)) => {
                    seen(number, &rows);
                    answers.push(rows);
                }
                Some(Err(error)) if failure.is_some() && fault::is_consequence(&error) => {}
                Some(Err(error)) => {
                    failure.get_or_insert(fault::while_running(error, &self.place));
                }
                None => {}
            }
        }
        failure.map_or(Ok(answers), Err)
    }

    async fn prepare(&mut self, text: &'static str) -> Result<()> {
        if !self.prepared.contains_key(text) {
            let prepared = self.client.prepare(&sql::text_in(&self.schema, text)).await;
            let prepared =
                prepared.map_err(|error| fault::while_running(error, &self.place).not_applied())?;
            self.prepared.insert(text, prepared);
        }
        Ok(())
    }

    fn prepared(&self, text: &'static str) -> Result<&Statement> {
        self.prepared
            .get(text)
            .ok_or_else(|| Error::new(Kind::Internal, "runs a statement that is not prepared"))
    }

    /// Creates the tables that are missing, once for all who try at the same time.
    ///
    /// # Errors
    ///
    /// `unsupported` if a newer omnikv has changed the tables.
    pub async fn migrate(&self) -> Result<()> {
        let newest = sql::MIGRATIONS.len();
        if self.version().await?.is_some_and(|version| version == newest) {
            return Ok(());
        }
        self.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({})", sql::MIGRATION_LOCK)).await?;
        let migrated = self.migrate_in_transaction().await;
        match &migrated {
            Ok(()) => self.batch("COMMIT").await?,
            Err(_) => self.batch("ROLLBACK").await?,
        }
        migrated
    }

    async fn migrate_in_transaction(&self) -> Result<()> {
        if !self.schema.is_empty() && !self.has_schema().await? {
            self.batch(&format!("CREATE SCHEMA {}", sql::quoted(&self.schema))).await?;
        }
        self.batch("SAVEPOINT look").await?;
        let version = self.version().await?.unwrap_or(0);
        self.batch("ROLLBACK TO look").await?;
        for step in sql::MIGRATIONS.iter().skip(version) {
            self.batch(&sql::text_in(&self.schema, step)).await?;
        }
        let version = format!(
            "{}; INSERT INTO @omnikv_schema VALUES (1, {newest}) ON CONFLICT (id) DO UPDATE SET version = {newest}",
            sql::VERSION_TABLE,
            newest = sql::MIGRATIONS.len(),
        );
        self.batch(&sql::text_in(&self.schema, &version)).await
    }

    /// The version of the tables; `None` if there are none.
    async fn version(&self) -> Result<Option<usize>> {
        let text = match self.client.simple_query(&sql::text_in(&self.schema, sql::VERSION)).await {
            Ok(messages) => first_value(messages),
            Err(error)
                if matches!(
                    error.code(),
                    Some(&SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME)
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(fault::while_running(error, &self.place).not_applied()),
        };
        let Some(text) = text else { return Ok(None) };
        let version = text.parse().map_err(|_| super::unreadable())?;
        if version > sql::MIGRATIONS.len() {
            let message = format!(
                "(database) has tables of version {version}, which a newer omnikv has made, and this one knows version \
                 {}: update omnikv, or use another schema by ?schema=NAME",
                sql::MIGRATIONS.len()
            );
            return Err(Error::new(Kind::Unsupported, message));
        }
        Ok(Some(version))
    }

    async fn has_schema(&self) -> Result<bool> {
        let text = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
        let found = self.client.query_typed(text, &[(&self.schema, Type::TEXT)]).await;
        let found = found.map_err(|error| fault::while_running(error, &self.place).not_applied())?;
        Ok(!found.is_empty())
    }

    /// Runs statements without parameters.
    async fn batch(&self, statements: &str) -> Result<()> {
        let done = self.client.batch_execute(statements).await;
        // Each of these may be run again.
        done.map_err(|error| fault::while_running(error, &self.place).not_applied())
    }
}

fn first_value(messages: Vec<SimpleQueryMessage>) -> Option<String> {
    messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}
