// The interface `changes`: decode, run, encode.

use super::connection::Handle;
use super::records::Json;
use super::{Answer, Component};
use crate::exports::omnikv::kv::changes::{Action, Change, Guest, ReadOptions};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use omnikv::operations::{self, ChangeOptions, Documents};

impl From<operations::Action> for Action {
    fn from(action: operations::Action) -> Self {
        match action {
            operations::Action::Create => Action::Create,
            operations::Action::Update => Action::Update,
            operations::Action::Delete => Action::Delete,
        }
    }
}

impl From<operations::Change<Json>> for Change {
    fn from(change: operations::Change<Json>) -> Self {
        let operations::Change { seq, action, at, record } = change;
        Change { seq, action: action.into(), at, record: record.into() }
    }
}

impl Guest for Component {
    fn read(store: StoreBorrow<'_>, options: ReadOptions) -> Answer<Vec<Change>> {
        let ReadOptions { from, limit, type_: kind, prefix } = options;
        let options = ChangeOptions { from, limit, kind, prefix };
        let changes = store.get::<Handle>().0.changes().read(options)?;
        Ok(changes.into_iter().map(Change::from).collect())
    }

    fn latest(store: StoreBorrow<'_>) -> Answer<u64> {
        Ok(store.get::<Handle>().0.changes().latest()?)
    }

    fn trim(store: StoreBorrow<'_>, seq: u64) -> Answer<u64> {
        Ok(store.get::<Handle>().0.changes().trim(seq)?)
    }

    fn advance(store: StoreBorrow<'_>, seq: u64) -> Answer<()> {
        Ok(store.get::<Handle>().0.changes().advance(seq)?)
    }
}
