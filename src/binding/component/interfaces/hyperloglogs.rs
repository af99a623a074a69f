// The interface `hyperloglogs`: decode, run, encode.

use super::convert::{all, keys};
use super::{Answer, Component, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::hyperloglogs::{Guest, Value};
use omnikv::command::Command;

impl Guest for Component {
    fn pfadd(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<bool> {
        run(&store, Command::PfAdd { key: key.into(), members: all("pfadd", members)? })
    }

    fn pfcount(store: StoreBorrow<'_>, names: Vec<String>) -> Answer<u64> {
        run(&store, Command::PfCount { keys: keys(names) })
    }

    fn pfmerge(store: StoreBorrow<'_>, to: String, names: Vec<String>) -> Answer<()> {
        run(&store, Command::PfMerge { to: to.into(), keys: keys(names) })
    }
}
