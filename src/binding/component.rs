// The component `omnikv.wasm`: the interfaces of wit/ over the memory store; with feature `component-net` it is `omnikv-net.wasm`,
// over all stores. It must not know what an operation does: each function decodes its arguments, runs one command and encodes
// the answer.

mod batch;
mod changes;
mod connection;
mod consumers;
mod convert;
mod hashes;
mod keyspace;
mod lists;
mod locks;
#[cfg(feature = "component-net")]
mod net;
mod records;
mod sets;
mod strings;
mod tasks;

#[cfg(not(feature = "component-net"))]
wit_bindgen::generate!({ path: "wit", world: "omnikv", generate_all });
#[cfg(feature = "component-net")]
wit_bindgen::generate!({ path: "wit", world: "omnikv-net", generate_all });
export!(Component);

use exports::omnikv::kv::{connection::StoreBorrow, types};

#[cfg(feature = "component-net")]
use net::Store as Opened;

use crate::command::{Command, Reply};
use crate::operations::Run;
use crate::reply::FromReply;
#[cfg(not(feature = "component-net"))]
use crate::store::MemoryStore as Opened;

/// What the component's exports belong to.
struct Component;

/// What every exported function gives.
type Answer<T> = Result<T, types::Error>;

/// Runs one command and reads its reply as what the function gives.
fn run<T: FromReply>(store: &StoreBorrow<'_>, command: Command) -> Answer<T> {
    read(store, command, T::from_reply)
}

/// Runs one command and reads its reply in a way of its own.
fn read<T: 'static>(
    store: &StoreBorrow<'_>,
    command: Command,
    read: fn(Reply) -> crate::Result<T>,
) -> Answer<T> {
    Ok(store.get::<connection::Handle>().0.read(Ok(command), read)?)
}
