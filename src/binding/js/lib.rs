// The npm package's side of the wasm: what both of its modules (js-core, js-net) share. Commands come in as words in a scratch buffer, replies
// go out as bytes in another (pkg/src/wire/wire.ts is the other side). It must not know what an operation does, and nothing
// that JavaScript hands in may make it trap: a trap would leave every store of the page unusable.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::arc_with_non_send_sync, reason = "wasm has one thread")]

pub mod clock;
pub mod objects;
pub mod reply;
pub mod request;

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use omnikv::error::Result;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that a large call has grown beyond this size are freed after it.
const KEPT: usize = 1 << 20;

/// Makes room for a request of this many bytes and returns its address; 0 if there is no memory.
#[wasm_bindgen]
pub fn scratch(bytes: usize) -> usize {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < bytes {
            let more = bytes - scratch.len();
            if !request::leaves_room(bytes) || scratch.try_reserve_exact(more).is_err() {
                return 0;
            }
            scratch.resize(bytes, 0);
        }
        scratch.as_mut_ptr().addr()
    })
}

/// Writes a reply and returns its address.
pub fn answer(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> usize {
    ANSWER.with_borrow_mut(|out| {
        out.clear();
        out.shrink_to(KEPT);
        if let Err(error) = write(out) {
            out.clear();
            reply::write_error(&error, out);
        }
        out.as_ptr().addr()
    })
}
