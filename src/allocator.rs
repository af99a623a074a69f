// The allocator of the memory store's wasm, where size decides. Rust says how large a thing is when it gives it back, so nothing
// is kept beside it: small things of about one size share slabs, each slab with a list of its free places; what is larger, and
// the slabs, are runs of units, of which a bitmap tells the free ones. A slab that is empty is a run of free units again, and
// so neighbours join by themselves. It serves one thread, and must not panic.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// What a bit of the bitmap stands for.
const UNIT: usize = 4 << 10;

/// An address space of 4 GiB.
const WORDS: usize = (1 << 20) / 64;

/// The size of a thing steps by 4 bytes up to this, and beyond it by an eighth of the power of two below.
const FINE: usize = 128;

/// Larger things, and those that are aligned to more than 8 bytes, are runs of units of their own.
const LARGEST: usize = 16 << 10;

const CLASSES: usize = FINE / 4 + 8 * (LARGEST / FINE).ilog2() as usize;

/// Where units come from.
pub(crate) trait Memory {
    /// Where the first unit would be.
    fn base(&self) -> *mut u8;

    /// Adds at least so many units, and tells the first of them and the one behind the last; nothing if there are none.
    fn grow(&self, units: usize) -> Option<(usize, usize)>;
}

/// The memory of a wasm module.
#[cfg(target_arch = "wasm32")]
pub(crate) struct Wasm;

#[cfg(target_arch = "wasm32")]
impl Memory for Wasm {
    fn base(&self) -> *mut u8 {
        null_mut()
    }

    fn grow(&self, units: usize) -> Option<(usize, usize)> {
        const PAGE: usize = (64 << 10) / UNIT;
        let pages = units.div_ceil(PAGE);
        let first = core::arch::wasm32::memory_grow::<0>(pages);
        (first != usize::MAX).then(|| (first * PAGE, (first + pages) * PAGE))
    }
}

pub(crate) struct Allocator<M>(M, UnsafeCell<State>);

// SAFETY: as its head says, it is used where there is one thread.
unsafe impl<M> Sync for Allocator<M> {}

struct State {
    /// A set bit is a unit that is free.
    free: [u64; WORDS],
    /// No unit before this is free.
    lowest: usize,
    /// Behind the last unit.
    end: usize,
    /// The slabs of each class that have free places, one of them.
    slabs: [*mut Slab; CLASSES],
}

/// The head of a slab. The slab is aligned to its length, so that every place in it leads here.
#[repr(C, align(8))]
struct Slab {
    /// The first free place; each holds the address of the next.
    free: *mut Place,
    used: usize,
    next: *mut Slab,
    previous: *mut Slab,
}

struct Place(*mut Place);

/// The class of a small thing: its number, and the size of all things in it.
fn class(layout: Layout) -> Option<(usize, usize)> {
    let size = layout.size().next_multiple_of(layout.align().max(size_of::<Place>()));
    if layout.align() > 8 || size > LARGEST {
        return None;
    }
    if size <= FINE {
        return Some((size / 4 - 1, size));
    }
    let shift = (size - 1).ilog2() - 3;
    let step = (size - 1) >> shift;
    Some((FINE / 4 + (shift as usize - 4) * 8 + step - 8, (step + 1) << shift))
}

/// The length of the slabs in which things have this size: there are about eight in it, or more.
fn slab_length(size: usize) -> usize {
    (size * 8).next_power_of_two().max(UNIT)
}

impl State {
    /// How many units from this one on are alike, free or not; `most` at most.
    fn alike(&self, from: usize, free: bool, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let (word, bit) = ((from + count) / 64, (from + count) % 64);
            let Some(word) = self.free.get(word) else { break };
            let others = if free { !word >> bit } else { *word >> bit };
            let run = others.trailing_zeros().min(64 - bit as u32) as usize;
            count += run;
            if bit + run < 64 {
                break;
            }
        }
        count.min(most)
    }

    /// Makes units that are free used, or those that are used free.
    fn toggle(&mut self, from: usize, units: usize) {
        let mut at = from;
        while at < from + units {
            let bits = (64 - at % 64).min(from + units - at);
            if let Some(word) = self.free.get_mut(at / 64) {
                *word ^= u64::MAX >> (64 - bits) << (at % 64);
            }
            at += bits;
        }
    }

    fn give(&mut self, from: usize, units: usize) {
        self.toggle(from, units);
        self.lowest = self.lowest.min(from);
    }

    /// The first of so many free units, a multiple of `align`, that are used from now on.
    fn take(&mut self, memory: &impl Memory, units: usize, align: usize) -> Option<usize> {
        self.lowest += self.alike(self.lowest, false, self.end - self.lowest);
        let mut at = self.lowest;
        loop {
            at = at.next_multiple_of(align);
            let free = self.alike(at, true, units);
            if free == units {
                self.toggle(at, units);
                return Some(at);
            }
            if at + free >= self.end {
                let (first, end) = memory.grow(at + units - self.end)?;
                self.toggle(first, end - first);
                self.end = end;
            } else {
                at += free;
                at += self.alike(at, false, self.end - at);
            }
        }
    }

    fn link(&mut self, class: usize, slab: &mut Slab) {
        slab.next = self.slabs[class];
        slab.previous = null_mut();
        // SAFETY: what is in a list is a slab.
        if let Some(next) = unsafe { slab.next.as_mut() } {
            next.previous = slab;
        }
        self.slabs[class] = slab;
    }

    fn unlink(&mut self, class: usize, slab: &mut Slab) {
        // SAFETY: as above.
        if let Some(next) = unsafe { slab.next.as_mut() } {
            next.previous = slab.previous;
        }
        match unsafe { slab.previous.as_mut() } {
            Some(previous) => previous.next = slab.next,
            None => self.slabs[class] = slab.next,
        }
    }
}

impl<M: Memory> Allocator<M> {
    pub(crate) const fn new(memory: M) -> Allocator<M> {
        let state = State { free: [0; WORDS], lowest: 0, end: 0, slabs: [null_mut(); CLASSES] };
        Allocator(memory, UnsafeCell::new(state))
    }

    /// So many units, aligned to `align` bytes; null if there is no memory for them.
    fn run(&self, state: &mut State, units: usize, align: usize) -> *mut u8 {
        let first = state.take(&self.0, units, align.div_ceil(UNIT));
        first.map_or(null_mut(), |first| self.0.base().wrapping_add(first * UNIT))
    }

    fn unit(&self, pointer: *mut u8) -> usize {
        (pointer.addr() - self.0.base().addr()) / UNIT
    }

    /// A slab of a class, with its places in order; null if there is no memory for it.
    unsafe fn slab(&self, state: &mut State, class: usize, size: usize) -> *mut Slab {
        let length = slab_length(size);
        let start = self.run(state, length / UNIT, length);
        let slab: *mut Slab = start.cast();
        if !slab.is_null() {
            let mut free = null_mut();
            for number in (0..(length - size_of::<Slab>()) / size).rev() {
                let place: *mut Place = start.wrapping_add(size_of::<Slab>() + number * size).cast();
                unsafe { place.write(Place(free)) };
                free = place;
            }
            unsafe { slab.write(Slab { free, used: 0, next: null_mut(), previous: null_mut() }) };
            state.link(class, unsafe { &mut *slab });
        }
        slab
    }
}

unsafe impl<M: Memory> GlobalAlloc for Allocator<M> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let state = unsafe { &mut *self.1.get() };
        let Some((class, size)) = class(layout) else {
            return self.run(state, layout.size().div_ceil(UNIT), layout.align());
        };
        let mut slab = state.slabs[class];
        if slab.is_null() {
            slab = unsafe { self.slab(state, class, size) };
        }
        let Some(slab) = (unsafe { slab.as_mut() }) else { return null_mut() };
        let place = slab.free;
        slab.free = unsafe { (*place).0 };
        slab.used += 1;
        if slab.free.is_null() {
            state.unlink(class, slab);
        }
        place.cast()
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let state = unsafe { &mut *self.1.get() };
        let Some((class, size)) = class(layout) else {
            return state.give(self.unit(pointer), layout.size().div_ceil(UNIT));
        };
        let length = slab_length(size);
        let start = pointer.map_addr(|address| address & !(length - 1));
        let slab = unsafe { &mut *start.cast::<Slab>() };
        if slab.free.is_null() {
            state.link(class, slab);
        }
        let place: *mut Place = pointer.cast();
        unsafe { place.write(Place(slab.free)) };
        slab.free = place;
        slab.used -= 1;
        // The last slab stays: a thing that comes and goes would make and unmake it each time.
        if slab.used == 0 && !(slab.next.is_null() && slab.previous.is_null()) {
            state.unlink(class, slab);
            state.give(self.unit(start), length / UNIT);
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let state = unsafe { &mut *self.1.get() };
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(layout), class(wanted)) {
            (Some(old), Some(new)) if old == new => return pointer,
            (None, None) => {
                let (units, wanted) = (layout.size().div_ceil(UNIT), size.div_ceil(UNIT));
                let end = self.unit(pointer) + units.min(wanted);
                if wanted <= units {
                    state.give(end, units - wanted);
                    return pointer;
                }
                if state.alike(end, true, wanted - units) == wanted - units {
                    state.toggle(end, wanted - units);
                    return pointer;
                }
            }
            _ => {}
        }
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            unsafe {
                moved.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;
    use std::cell::Cell;

    /// So many units, which are there from the start but are handed out as they are asked for. Now and then there is a gap, as
    /// where somebody else has made the memory grow.
    struct Arena {
        units: Vec<u8>,
        given: Cell<usize>,
        grown: Cell<usize>,
        has_gaps: bool,
    }

    impl Arena {
        fn new(units: usize, has_gaps: bool) -> Arena {
            let units = vec![0; (units + 64) * UNIT];
            Arena { units, given: Cell::new(0), grown: Cell::new(0), has_gaps }
        }

        fn gaps(&self) -> usize {
            if self.has_gaps { self.grown.get() / 5 } else { 0 }
        }

        fn units(&self) -> usize {
            self.units.len() / UNIT - 64
        }
    }

    impl Memory for Arena {
        fn base(&self) -> *mut u8 {
            // Aligned as the address 0 is, as far as slabs and these tests go.
            let start = self.units.as_ptr().cast_mut();
            start.map_addr(|address| address.next_multiple_of(64 * UNIT))
        }

        fn grow(&self, units: usize) -> Option<(usize, usize)> {
            let gaps = self.gaps();
            self.grown.set(self.grown.get() + 1);
            let first = self.given.get() + self.gaps() - gaps;
            let end = first + units.next_multiple_of(4);
            (end <= self.units()).then(|| {
                self.given.set(end);
                (first, end)
            })
        }
    }

    struct Piece {
        start: *mut u8,
        layout: Layout,
        content: u8,
    }

    impl Piece {
        fn bytes(&mut self) -> &mut [u8] {
            unsafe { std::slice::from_raw_parts_mut(self.start, self.layout.size()) }
        }

        /// Whether it still holds what was written into it, then other content.
        fn check(&mut self, content: u8) {
            let held = self.content;
            assert!(self.bytes().iter().all(|byte| *byte == held), "{:?}", self.layout);
            self.content = content;
            self.bytes().fill(content);
        }
    }

    /// Pieces of random sizes come, change their size and go, at most so many bytes of them at a time.
    fn exercise(allocator: &Allocator<Arena>, seed: u64, rounds: usize, most: usize) {
        let mut random = Random::new(seed);
        let mut pieces: Vec<Piece> = Vec::new();
        let mut total = 0;
        for round in 0..rounds {
            let largest = [40, 130, 3_000, 20_000, 100_000][random.below(5)];
            let size = 1 + random.below(largest);
            let layout =
                Layout::from_size_align(size, 1 << random.below(if round % 50 == 0 { 15 } else { 4 }))
                    .unwrap();
            let picked = random.below(pieces.len());
            if total + size <= most && random.below(5) > 1 {
                let start = unsafe { allocator.alloc(layout) };
                assert!(!start.is_null() && start.addr().is_multiple_of(layout.align()), "{layout:?}");
                let mut piece = Piece { start, layout, content: 0 };
                piece.bytes().fill(0);
                piece.check(round as u8);
                pieces.push(piece);
                total += size;
            } else if let Some(piece) =
                pieces.get_mut(picked).filter(|_| total + size <= most && round % 3 > 0)
            {
                let old = piece.layout;
                piece.start = unsafe { allocator.realloc(piece.start, old, size) };
                assert!(!piece.start.is_null() && piece.start.addr().is_multiple_of(old.align()));
                piece.layout = Layout::from_size_align(old.size().min(size), old.align()).unwrap();
                piece.check(round as u8);
                piece.layout = Layout::from_size_align(size, old.align()).unwrap();
                piece.bytes().fill(round as u8);
                total = total + size - old.size();
            } else if picked < pieces.len() {
                let mut piece = pieces.swap_remove(picked);
                piece.check(0);
                unsafe { allocator.dealloc(piece.start, piece.layout) };
                total -= piece.layout.size();
            }
        }
        for piece in &mut pieces {
            piece.check(0);
            unsafe { allocator.dealloc(piece.start, piece.layout) };
        }
    }

    /// The units that are not free.
    fn used(allocator: &Allocator<Arena>) -> usize {
        let state = unsafe { &*allocator.1.get() };
        let free: u32 = state.free.iter().map(|word| word.count_ones()).sum();
        allocator.0.given.get() - allocator.0.gaps() - free as usize
    }

    #[test]
    fn pieces_keep_their_content_and_all_memory_comes_back() {
        for seed in 0..20 {
            let allocator = Allocator::new(Arena::new(4_000, true));
            exercise(&allocator, seed, 5_000, 5 << 20);
            // Of each class one slab stays, and some units were never handed out.
            let slabs: usize = (1..=LARGEST)
                .filter_map(|size| class(Layout::from_size_align(size, 1).unwrap()))
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .map(|(_, size)| slab_length(size) / UNIT)
                .sum();
            assert!(used(&allocator) <= slabs + 100, "{} units of {slabs}", used(&allocator));
        }
    }

    #[test]
    fn what_one_size_gives_back_another_takes() {
        let allocator = Allocator::new(Arena::new(1_200, false));
        for size in [50, 120, 1_000, 9_000, 50_000, 13] {
            let layout = Layout::from_size_align(size, 1).unwrap();
            // Three quarters of the memory there is: two sizes together would not fit.
            let pieces: Vec<_> =
                (0..900 * UNIT / (size + 12)).map(|_| unsafe { allocator.alloc(layout) }).collect();
            assert!(pieces.iter().all(|piece| !piece.is_null()), "{size}");
            for piece in pieces {
                unsafe { allocator.dealloc(piece, layout) };
            }
        }
    }

    #[test]
    fn without_memory_there_is_null_and_nothing_is_lost() {
        let allocator = Allocator::new(Arena::new(64, false));
        for _ in 0..100 {
            for size in [1 << 20, usize::MAX / 2, 1 << 33] {
                assert!(unsafe { allocator.alloc(Layout::from_size_align(size, 1).unwrap()) }.is_null());
            }
            let layout = Layout::from_size_align(20 * UNIT, 1).unwrap();
            let kept = unsafe { allocator.alloc(layout) };
            assert!(!kept.is_null() && unsafe { allocator.realloc(kept, layout, 1 << 20) }.is_null());
            unsafe { allocator.dealloc(kept, layout) };
        }
    }

    #[test]
    fn a_large_piece_grows_and_shrinks_where_it_is() {
        let allocator = Allocator::new(Arena::new(64, false));
        let layout = |units: usize| Layout::from_size_align(units * UNIT, 1).unwrap();
        unsafe {
            let all = allocator.alloc(layout(40));
            assert_eq!(allocator.realloc(all, layout(40), 10 * UNIT), all);
            assert_eq!(allocator.realloc(all, layout(10), 30 * UNIT), all);
            let behind = allocator.alloc(layout(10));
            assert_eq!(behind, all.wrapping_add(30 * UNIT));
            allocator.dealloc(all, layout(30));
            allocator.dealloc(behind, layout(10));
        }
        assert_eq!(used(&allocator), 0);
    }
}
