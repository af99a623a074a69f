// The component `omnikv.wasm`: the interfaces of wit/ over the memory store. It must not ask its host for more than the time and
// a seed.
#![cfg(target_arch = "wasm32")]

mod interfaces;

wit_bindgen::generate!({ path: "../../../wit", world: "omnikv", generate_all });
export!(Component);

use interfaces::Component;
use omnikv::MemoryStore as Opened;

/// A store in memory has no keys of others: it may always be emptied.
fn may_flush(_: &Opened, _all: bool) -> omnikv::Result<()> {
    Ok(())
}
