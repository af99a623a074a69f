// What a backend may answer with `unsupported`: the reviewed table, compared with what really happens. Everything
// listed must happen, and nothing else may.

use super::cases::{Action, Call, Case, Failure, Verdict};
use omnikv::command::{Command, Effect, Row};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What one backend does not support, each with the reason.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsupported {
    /// Options of `connect` that it does not accept.
    #[serde(default)]
    options: BTreeMap<String, String>,
    /// Operations, or `multi`; `lists.*` means every operation of that family, `records.*` every one that writes (reading
    /// works, and finds nothing), and `updates` every command on plain keys whose effect is `Update` in the table of
    /// commands.
    #[serde(default)]
    calls: BTreeMap<String, String>,
    /// Cases, by name.
    #[serde(default)]
    cases: BTreeMap<String, String>,
    /// Cases that expect a guarantee of another kind of store, by name.
    #[serde(default)]
    differs: BTreeMap<String, String>,
    #[serde(skip)]
    met: RefCell<BTreeSet<String>>,
}

impl Unsupported {
    /// The backend's part of the table.
    pub fn of(backend: &str) -> Unsupported {
        let table: BTreeMap<String, Unsupported> =
            serde_json::from_str(include_str!("unsupported.json")).expect("a table of what is unsupported");
        table.get(backend).unwrap_or_else(|| panic!("{backend} in unsupported.json")).clone()
    }

    /// Accepts a case that goes as expected up to a step that the table lists.
    pub fn judge(&self, case: &Case, result: Result<(), Failure>) -> Result<Verdict, Failure> {
        let Err(failure) = result else { return Ok(Verdict::Passed) };
        if self.differs.contains_key(&case.name) {
            self.met.borrow_mut().insert(case.name.clone());
            return Ok(Verdict::Differs);
        }
        if !failure.is_unsupported {
            return Err(failure);
        }
        let step = &case.steps[failure.step - 1];
        let calls: Vec<String> = match &step.action {
            Action::Call(call) | Action::Drain(call) => rows_of(call),
            Action::Pipeline(calls) => calls.iter().flat_map(rows_of).collect(),
            Action::Multi { .. } => vec!["multi".to_owned()],
            Action::Advance(_) => Vec::new(),
        };
        let options = [
            ("maxBytes", case.options.max_bytes.is_some()),
            ("maxKeys", case.options.max_keys.is_some()),
            ("eviction", case.options.eviction.is_some()),
        ];
        let mut refused = options.iter().filter(|(name, stated)| *stated && self.options.contains_key(*name));
        let listed = if let Some((name, _)) = refused.next() {
            Some((*name).to_owned())
        } else if self.cases.contains_key(&case.name) {
            Some(case.name.clone())
        } else {
            calls.into_iter().find(|op| self.calls.contains_key(op))
        };
        let Some(listed) = listed else { return Err(failure) };
        self.met.borrow_mut().insert(listed);
        Ok(Verdict::Unsupported)
    }

    /// Checks that the whole table was needed.
    ///
    /// # Panics
    ///
    /// If a row of the table was not needed, because what it lists is supported after all.
    pub fn check_all_met(&self, host: &str) {
        let met = self.met.borrow();
        let rows =
            self.options.keys().chain(self.calls.keys()).chain(self.cases.keys()).chain(self.differs.keys());
        let idle: Vec<_> = rows.filter(|row| !met.contains(*row)).collect();
        assert!(idle.is_empty(), "{host} supports what the table says it does not: {idle:?}");
    }
}

/// The rows that may list a call: its operation's, its family's, and that of all updates.
fn rows_of(call: &Call) -> Vec<String> {
    let command = Command::TABLE.iter().find(|row| row.name == call.op);
    let reads_records = |row: &&Row| row.effect == Effect::Read && row.is_on_records();
    let family = command.filter(|row| !reads_records(row)).map(|row| format!("{}.*", row.family));
    let is_update = |row: &&Row| row.effect == Effect::Update && !row.is_on_records();
    let updates = command.filter(is_update).map(|_| "updates".to_owned());
    std::iter::once(call.op.clone()).chain(family).chain(updates).collect()
}
