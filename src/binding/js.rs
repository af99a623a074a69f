// The npm package's side of the wasm: what both of its modules share. Commands come in as words in a scratch buffer, replies
// go out as bytes in another (pkg/src/wire/wire.ts is the other side). It must not know what an operation does, and nothing
// that JavaScript hands in may make it trap: a trap would leave every store of the page unusable.

mod clock;
#[cfg(not(feature = "js-net"))]
mod direct;
#[cfg(not(feature = "js-net"))]
mod memory;
#[cfg(feature = "js-net")]
mod net;
mod objects;
mod reply;
mod request;

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::error::Result;
#[cfg(not(feature = "js-net"))]
use memory::{Core, exclusively};

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that one large call has grown beyond this are given back after it.
const KEPT: usize = 1 << 20;

/// Makes room for a request of this many bytes and gives its address; 0 when there is no memory for it.
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

/// Has a reply written and gives its address.
fn answer(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> usize {
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
