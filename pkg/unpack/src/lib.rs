//! Puts together the wasm that `pkg/build` took apart (`pack.rs` there says why). It is shipped as wasm itself, so that a first
//! store need not wait for JavaScript to walk over a hundred thousand bytes, and is as small as it can be: it trusts the text.
//!
//! The text is streams, each with a space behind it. The first is a dictionary of symbols: bytes, and what follows them. The second
//! is the module, as symbols. The others are what follows symbols, a stream for each kind. Bytes are a length and as many.
#![cfg_attr(target_arch = "wasm32", no_std)]

use core::mem::MaybeUninit;

/// What follows the bytes of a symbol, with the number of the stream it is read from.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Then {
    Nothing = 0,
    /// The body of a function, whose length is filled in at its end.
    Body = 1,
    End = 2,
    Bytes = 3,
    /// Numbers in LEB128: of locals, addresses' offsets, functions called, labels, and constants.
    Local = 4,
    Offset = 5,
    Function = 6,
    Label = 7,
    I32 = 8,
    I64 = 9,
}

/// How many streams there are.
pub const STREAMS: usize = 10;
/// How many symbols there may be.
pub const SYMBOLS: usize = 256;
/// The bytes that hold a body's length, whatever it is: bodies are shorter than 2 MiB.
pub const LENGTH: usize = 3;

/// Digits are the characters from `=` to `~` and then those from `#` to `;`, without `\`: strings and pages need not escape them.
/// In this order brotli finds the most in what is before a character.
pub const FIRST: u8 = b'=';
/// Bytes below this are one digit, others two: which of the further digits, then the rest.
pub const SINGLE: u8 = 88;

/// A place in the text, or where the module is written.
#[derive(Clone, Copy)]
struct Place(*mut u8);

impl Place {
    unsafe fn take(&mut self) -> u8 {
        unsafe {
            let byte = *self.0;
            self.0 = self.0.add(1);
            byte
        }
    }

    unsafe fn put(&mut self, byte: u8) {
        unsafe {
            *self.0 = byte;
            self.0 = self.0.add(1);
        }
    }

    /// Puts bytes that stand behind their number.
    #[inline(never)]
    unsafe fn put_bytes(&mut self, from: &mut Place) {
        unsafe {
            for _ in 0..from.take() {
                self.put(from.take());
            }
        }
    }
}

/// Writes the module of a text behind it and tells where it ends. The text becomes bytes.
///
/// # Safety
///
/// The text is one of `pkg/build`'s, and there is room for its module.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub unsafe extern "C" fn unpack(text: *mut u8, end: *mut u8) -> *mut u8 {
    unsafe {
        let mut streams = MaybeUninit::<[Place; STREAMS + 1]>::uninit();
        let streams = streams.as_mut_ptr().cast::<Place>();
        *streams = Place(text);
        let mut stream = streams;
        let mut to = Place(text);
        let mut text = Place(text);
        let mut high = 0;
        while text.0 < end {
            let character = text.take();
            if character == b' ' {
                stream = stream.add(1);
                *stream = to;
            } else {
                let digit = if character < FIRST {
                    character - b'#' + (b'~' - FIRST)
                } else {
                    character - FIRST - (character > b'\\') as u8
                };
                if digit < SINGLE {
                    to.put(high + digit);
                    high = 0;
                } else {
                    high = (digit - SINGLE + 1).wrapping_mul(SINGLE);
                }
            }
        }

        let mut symbols = MaybeUninit::<[Place; SYMBOLS]>::uninit();
        let symbols = symbols.as_mut_ptr().cast::<Place>();
        let mut symbol = symbols;
        let mut dictionary = *streams;
        let mut code = *streams.add(1);
        let code_end = *streams.add(2);
        while dictionary.0 < code.0 {
            *symbol = dictionary;
            symbol = symbol.add(1);
            let length = dictionary.take() as usize;
            dictionary.0 = dictionary.0.add(length + 1);
        }

        let mut body = end;
        let mut module = Place(end);
        while code.0 < code_end.0 {
            let mut symbol = *symbols.add(code.take() as usize);
            module.put_bytes(&mut symbol);
            let then = symbol.take();
            let operand = &mut *streams.add(then as usize);
            if then == Then::Body as u8 {
                module.0 = module.0.add(LENGTH);
                body = module.0;
            } else if then == Then::End as u8 {
                let length = module.0.offset_from(body);
                *body.sub(3) = length as u8 | 0x80;
                *body.sub(2) = (length >> 7) as u8 | 0x80;
                *body.sub(1) = (length >> 14) as u8;
            } else if then == Then::Bytes as u8 {
                module.put_bytes(operand);
            } else if then > Then::Bytes as u8 {
                loop {
                    let byte = operand.take();
                    module.put(byte);
                    if byte < 0x80 {
                        break;
                    }
                }
            }
        }
        module.0
    }
}

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn trap(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
