// Commands on records of a store that cannot run code inside a transaction: load the rows that they read, run them on
// these, commit what they wrote. The first run has no rows: it only shows which ones to load. No semantics here.

use super::overlay::{self, Overlay, may_have_more_expired};
use super::rows::{Asked, Query, RecordStore};
use super::run::{Plan, overtaken};
use super::{CellStore, Cells, Commit, Loaded};
use crate::backend::Check;
use crate::command::{Command, Effect, Reply};
use crate::engine::Tick;
use crate::engine::random::Random;
use crate::engine::records::Storage;
use crate::error::{Error, Kind, Result};

/// The most loads for one attempt. Each answers a query more than the one before, and most commands need one load.
const LOADS: u32 = 64;

/// What to load next: queries, and whether numbers are drawn.
type Wanted = (Vec<Query>, bool);

/// What runs, and on what.
pub(super) struct Run<'a> {
    pub store: &'a dyn CellStore,
    pub records: &'a dyn RecordStore,
    pub plan: &'a Plan<'a>,
    pub transaction: Option<&'a [Check]>,
    pub commands: &'a [&'a Command],
}

impl Cells {
    /// Runs commands, isolated from others, and returns a result for each.
    pub(super) async fn run_on_rows(&self, run: &Run<'_>, tries: u32) -> Result<Vec<Result<Reply>>> {
        let mut wanted = self.first_wanted(run.commands);
        for tries in 0..tries {
            if let Some(replies) = self.try_on_rows(run, &mut wanted).await? {
                return Ok(replies);
            }
            self.back_off(tries).await;
        }
        Err(overtaken())
    }

    /// Removes all records with this prefix, and everything built on them.
    pub(super) async fn flush_rows(&self, records: &dyn RecordStore, prefix: &str) -> Result<()> {
        let rows = overlay::Loaded::new();
        let mut overlay = self.overlay(&rows, None, 0, 1);
        overlay.flush(prefix)?;
        records.commit(&Commit::default(), &overlay.into_commit(0)).await.map(drop)
    }

    fn overlay<'a>(
        &self,
        rows: &'a overlay::Loaded,
        base: Option<u64>,
        seed: u64,
        commands: usize,
    ) -> Overlay<'a> {
        Overlay::new(rows, base, self.max_row(), Random::new(seed), commands)
    }

    /// The queries of a run in which no row exists.
    fn first_wanted(&self, commands: &[&Command]) -> Wanted {
        let rows = overlay::Loaded::new();
        let mut overlay = self.overlay(&rows, None, 0, commands.len());
        // Any moment will do.
        let tick = Tick::at(1);
        for command in commands {
            match command {
                // One at a time, because the first that fails would hide what the others read.
                Command::RecordsMutate { mutations } => {
                    mutations.iter().for_each(|mutation| drop(overlay.apply(mutation, &tick)));
                }
                command if command.row().is_on_records() => drop(overlay.apply(command, &tick)),
                _ => {}
            }
        }
        let (queries, _) = overlay.lacks().unwrap_or_default();
        // What fails without rows may draw with them.
        (queries, commands.iter().any(|command| command.effect() != Effect::Read))
    }

    /// Runs commands once; `None` if others have changed what they read.
    async fn try_on_rows(&self, run: &Run<'_>, wanted: &mut Wanted) -> Result<Option<Vec<Result<Reply>>>> {
        let (seed, count) = (self.random_seed(), run.commands.len());
        let mut loads = 0;
        while loads < LOADS {
            // Everything is loaded again, so that a run always sees one snapshot.
            let asked = Asked {
                keys: run.plan.load.clone(),
                queries: wanted.0.clone(),
                draws: wanted.1,
                now_ms: (!run.store.has_clock()).then(|| self.now(None)),
            };
            let loaded = run.records.load(&asked).await?;
            let now_ms = self.now(loaded.now_ms.or(asked.now_ms));
            let base = asked.draws.then_some(loaded.drawn);
            let rows: overlay::Loaded = asked.queries.into_iter().zip(loaded.rows).collect();
            if may_have_more_expired(&rows) {
                wanted.1 = true;
                if base.is_some() {
                    let mut overlay = self.overlay(&rows, base, seed, count);
                    (&mut overlay as &mut dyn Storage).expire_records(&Tick::at(now_ms))?;
                    run.records.commit(&Commit::default(), &overlay.into_commit(now_ms)).await?;
                }
                continue;
            }
            loads += 1;
            let mut overlay = self.overlay(&rows, base, seed, count);
            let loaded = Loaded { cells: loaded.cells, now_ms: Some(now_ms) };
            let mut apply = |command: &Command, tick: &Tick| overlay.apply(command, tick);
            let longs = self.load_long(run.store, run.plan, &loaded, run.commands).await?;
            let Some(longs) = longs else { return Ok(None) };
            let attempt = self.attempt(
                run.plan,
                (loaded, longs),
                run.transaction,
                run.commands,
                run.store,
                Some(&mut apply),
            )?;
            if let Some(lacking) = overlay.lacks() {
                *wanted = lacking;
                continue;
            }
            let (hits, misses) = (attempt.hits + overlay.hits, attempt.misses + overlay.misses);
            let mut replies = attempt.replies;
            let (entries, rows_commit) = (attempt.commit, overlay.into_commit(now_ms));
            if !entries.writes.is_empty() || !rows_commit.is_empty() {
                let Some(drawn_before) = run.records.commit(&entries, &rows_commit).await? else {
                    return Ok(None);
                };
                if rows_commit.drawn > 0 && drawn_before != rows_commit.base {
                    self.number_replies(run, &rows, (drawn_before, seed, now_ms), &mut replies);
                }
            }
            self.tally.add(hits, misses);
            return Ok(Some(replies));
        }
        Err(Error::new(Kind::Internal, "(records) did not learn what to load"))
    }

    /// Replaces the replies by those with the numbers that the commit has really drawn: others drew some meanwhile.
    fn number_replies(
        &self,
        run: &Run,
        rows: &overlay::Loaded,
        (base, seed, now_ms): (u64, u64, u64),
        replies: &mut [Result<Reply>],
    ) {
        let mut overlay = self.overlay(rows, Some(base), seed, run.commands.len());
        let tick = Tick::at(now_ms);
        for (command, reply) in run.commands.iter().zip(replies) {
            // A reply that could not be given before stays as it is.
            if command.row().is_on_records() {
                let real = overlay.apply(command, &tick);
                if reply.is_ok() {
                    *reply = real;
                }
            }
        }
    }
}
