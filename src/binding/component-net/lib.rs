// The component `omnikv-net.wasm`: the same interfaces (component/interfaces) over the stores of any URL. It must not know what an
// operation does.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::arc_with_non_send_sync, reason = "wasm has one thread")]

mod http;
#[path = "../component/interfaces/mod.rs"]
mod interfaces;
mod sockets;
mod store;
mod tasks;

wit_bindgen::generate!({ path: "../../../wit", world: "omnikv-net", generate_all });
export!(Component);

use interfaces::Component;
use store::{Store as Opened, may_flush};
