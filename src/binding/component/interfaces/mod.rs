// The interfaces of wit/ over any store, for both components: `crate::Opened` is what theirs opens. It must not know what an
// operation does: each function decodes its arguments, runs one command and encodes the answer.

mod batch;
mod bitmaps;
mod changes;
mod connection;
mod consumers;
mod convert;
mod geo;
mod hashes;
mod hyperloglogs;
mod keyspace;
mod lists;
mod locks;
mod records;
mod sets;
mod strings;
mod tasks;
mod zsets;

use crate::exports::omnikv::kv::{connection::StoreBorrow, types};
use omnikv::command::{Command, Reply};
use omnikv::operations::Run;
use omnikv::reply::FromReply;

/// The implementation of the component's exports.
pub struct Component;

/// The result of every exported function.
type Answer<T> = Result<T, types::Error>;

/// Runs one command and converts its reply to the function's result.
fn run<T: FromReply>(store: &StoreBorrow<'_>, command: Command) -> Answer<T> {
    read(store, command, T::from_reply)
}

/// Runs one command and converts its reply with `read`.
fn read<T: 'static>(
    store: &StoreBorrow<'_>,
    command: Command,
    read: fn(Reply) -> omnikv::Result<T>,
) -> Answer<T> {
    Ok(store.get::<connection::Handle>().0.read(Ok(command), read)?)
}
