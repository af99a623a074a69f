// When entries expire: a hierarchical timing wheel. Adding or removing a deadline costs a few nanoseconds, and a
// million simultaneous deadlines can be processed a few at a time. It knows entries by their index only.

/// No timer, or the end of a list of timers.
pub(crate) const NONE: u32 = u32::MAX;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
// Eleven levels of 64 slots cover every 64-bit time: each slot of a level is as wide as the whole level below.
const LEVELS: usize = 11;

/// How far a clock may be set back before the timers are sorted again: until then they fire late by that much.
const SMALL_STEP: u64 = 1_000;

#[derive(Clone, Copy)]
struct Timer {
    deadline: u64,
    entry: u32,
    /// The slot whose list the timer is in; meaningless while the timer is free.
    slot: u32,
    previous: u32,
    next: u32,
}

/// The deadlines of all expiring entries.
pub(crate) struct Wheel {
    timers: Vec<Timer>,
    free: u32,
    len: usize,
    /// All timers due before this time have been processed.
    elapsed: u64,
    /// No timer's slot begins before this time, so nothing needs checking until then.
    quiet_until: u64,
    /// One bit for each slot that holds timers.
    occupied: [u64; LEVELS],
    heads: [u32; LEVELS * SLOTS],
}

impl Wheel {
    pub(crate) fn new() -> Wheel {
        Wheel {
            timers: Vec::new(),
            free: NONE,
            len: 0,
            elapsed: 0,
            quiet_until: u64::MAX,
            occupied: [0; LEVELS],
            heads: [NONE; LEVELS * SLOTS],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether certainly no timer is due at `now`. May return false when none is.
    pub(crate) fn none_due(&self, now: u64) -> bool {
        // Deadlines set after the clock was set back are not in their own slots.
        now >= self.elapsed && self.earliest().is_none_or(|(_, start)| start > now)
    }

    /// Sorts all timers again if the clock has been set back; this takes O(number of timers).
    pub(crate) fn follow_clock(&mut self, now: u64) {
        if now >= self.elapsed.saturating_sub(SMALL_STEP) {
            return;
        }
        let mut ids = Vec::with_capacity(self.len);
        for head in self.heads {
            let mut id = head;
            while let Some(timer) = self.timers.get(id as usize) {
                ids.push(id);
                id = timer.next;
            }
        }
        self.elapsed = now;
        self.quiet_until = u64::MAX;
        self.occupied = [0; LEVELS];
        self.heads = [NONE; LEVELS * SLOTS];
        for id in ids {
            self.link(id);
        }
    }

    /// The timer's deadline; `u64::MAX` for `NONE`.
    pub(crate) fn deadline(&self, timer: u32) -> u64 {
        self.timers.get(timer as usize).map_or(u64::MAX, |timer| timer.deadline)
    }

    /// Changes a timer's deadline; returns false for `NONE`.
    pub(crate) fn postpone(&mut self, id: u32, deadline: u64) -> bool {
        let (slot, _) = self.slot_of(deadline);
        let Some(timer) = self.timers.get_mut(id as usize) else { return false };
        timer.deadline = deadline;
        // The new deadline is usually a little later and in the same slot.
        if timer.slot as usize != slot {
            self.unlink(id);
            self.link(id);
        }
        true
    }

    /// Creates a timer for the entry.
    pub(crate) fn add(&mut self, deadline: u64, entry: u32) -> u32 {
        let fresh = Timer { deadline, entry, slot: 0, previous: NONE, next: NONE };
        let id = match self.timers.get_mut(self.free as usize) {
            Some(timer) => {
                let id = self.free;
                self.free = timer.next;
                *timer = fresh;
                id
            }
            None => {
                self.timers.push(fresh);
                u32::try_from(self.timers.len().wrapping_sub(1)).unwrap_or(NONE)
            }
        };
        self.len = self.len.saturating_add(1);
        self.link(id);
        id
    }

    /// Removes the timer; does nothing for `NONE`.
    pub(crate) fn remove(&mut self, id: u32) {
        if (id as usize) >= self.timers.len() {
            return;
        }
        self.unlink(id);
        self.len = self.len.saturating_sub(1);
        if self.len == 0 {
            // A good moment to free the memory of old timers.
            *self = Wheel { elapsed: self.elapsed, ..Wheel::new() };
            return;
        }
        if let Some(timer) = self.timers.get_mut(id as usize) {
            timer.next = self.free;
        }
        self.free = id;
    }

    /// Updates the timer after its entry has moved; does nothing for `NONE`.
    pub(crate) fn follow(&mut self, id: u32, entry: u32) {
        if let Some(timer) = self.timers.get_mut(id as usize) {
            timer.entry = entry;
        }
    }

    /// An entry that is due at `now`, if one is found within `budget` steps; each step is subtracted from it. The
    /// caller removes the entry and thereby its timer.
    pub(crate) fn due(&mut self, now: u64, budget: &mut u32) -> Option<u32> {
        while self.quiet_until <= now {
            let Some((slot, start)) = self.earliest() else {
                self.quiet_until = u64::MAX;
                break;
            };
            self.quiet_until = start;
            if start > now || *budget == 0 {
                break;
            }
            *budget = budget.wrapping_sub(1);
            self.elapsed = self.elapsed.max(start);
            let id = self.heads.get(slot).copied()?;
            let timer = self.timers.get(id as usize)?;
            if timer.deadline <= now {
                return Some(timer.entry);
            }
            // The slot has begun but the timer is not due: move it to a finer level.
            self.unlink(id);
            self.link(id);
        }
        None
    }

    /// An entry that expires sooner than most, among those for which `may_be` is true: the soonest of the first few in
    /// the slot that begins first.
    pub(crate) fn soonest(&self, may_be: impl Fn(u32) -> bool) -> Option<u32> {
        const SAMPLES: usize = 16;
        let mut occupied = self.occupied;
        while let Some((slot, _)) = self.earliest_of(&occupied) {
            let choice = self.list(slot).filter(|timer| may_be(timer.entry)).take(SAMPLES);
            if let Some(soonest) = choice.min_by_key(|timer| timer.deadline) {
                return Some(soonest.entry);
            }
            if let Some(occupied) = occupied.get_mut(slot / SLOTS) {
                *occupied &= !(1 << (slot % SLOTS));
            }
        }
        None
    }

    /// All entries that have a timer, in no particular order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = u32> {
        (0..self.heads.len()).flat_map(|slot| self.list(slot)).map(|timer| timer.entry)
    }

    /// The timers in a slot.
    fn list(&self, slot: usize) -> impl Iterator<Item = &Timer> {
        let first = self.heads.get(slot).and_then(|head| self.timers.get(*head as usize));
        std::iter::successors(first, |timer| self.timers.get(timer.next as usize))
    }

    /// The occupied slot that begins first, and when; if several begin together, the coarsest.
    fn earliest(&self) -> Option<(usize, u64)> {
        self.earliest_of(&self.occupied)
    }

    /// Like [`earliest`](Wheel::earliest), among these slots (one bit for each).
    fn earliest_of(&self, occupied: &[u64; LEVELS]) -> Option<(usize, u64)> {
        let mut best: Option<(usize, u64)> = None;
        for (level, occupied) in occupied.iter().enumerate().rev() {
            if *occupied == 0 {
                continue;
            }
            let index = occupied.trailing_zeros();
            let shift = BITS.wrapping_mul(level as u32);
            // The bits above this level are the same for all its timers and for `elapsed`.
            let above = self.elapsed.checked_shr(shift.wrapping_add(BITS)).unwrap_or(0);
            let base = above.checked_shl(shift.wrapping_add(BITS)).unwrap_or(0);
            let start = base | u64::from(index).checked_shl(shift).unwrap_or(0);
            if best.is_none_or(|(_, earliest)| start < earliest) {
                best = Some((level.wrapping_mul(SLOTS).wrapping_add(index as usize), start));
            }
        }
        best
    }

    fn link(&mut self, id: u32) {
        let Some(deadline) = self.timers.get(id as usize).map(|timer| timer.deadline) else { return };
        let (slot, start) = self.slot_of(deadline);
        self.quiet_until = self.quiet_until.min(start);
        let Some(timer) = self.timers.get_mut(id as usize) else { return };
        let Some(head) = self.heads.get_mut(slot) else { return };
        timer.slot = slot as u32;
        timer.previous = NONE;
        timer.next = *head;
        let second = std::mem::replace(head, id);
        if let Some(second) = self.timers.get_mut(second as usize) {
            second.previous = id;
        }
        if let Some(occupied) = self.occupied.get_mut(slot / SLOTS) {
            *occupied |= 1 << (slot % SLOTS);
        }
    }

    /// The slot of a deadline, and when the slot begins.
    fn slot_of(&self, deadline: u64) -> (usize, u64) {
        let moment = deadline.max(self.elapsed);
        let differing = (moment ^ self.elapsed) | (SLOTS as u64).wrapping_sub(1);
        let level = 63_u32.wrapping_sub(differing.leading_zeros()) / BITS;
        let shift = BITS.wrapping_mul(level);
        let index = (moment >> shift) as usize % SLOTS;
        ((level as usize).wrapping_mul(SLOTS).wrapping_add(index), (moment >> shift) << shift)
    }

    fn unlink(&mut self, id: u32) {
        let Some(&Timer { slot, previous, next, .. }) = self.timers.get(id as usize) else { return };
        if let Some(next) = self.timers.get_mut(next as usize) {
            next.previous = previous;
        }
        match self.timers.get_mut(previous as usize) {
            Some(previous) => previous.next = next,
            None => {
                let slot = slot as usize;
                if let Some(head) = self.heads.get_mut(slot) {
                    *head = next;
                }
                if next == NONE
                    && let Some(occupied) = self.occupied.get_mut(slot / SLOTS)
                {
                    *occupied &= !(1 << (slot % SLOTS));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_sorted_map_over_random_deadlines() {
        let mut random = Random::new(42);
        for round in 0..200_u64 {
            let mut wheel = Wheel::new();
            let mut model: BTreeMap<u32, (u64, u32)> = BTreeMap::new();
            let mut now = 1_700_000_000_000 + round * 977;
            for entry in 0..300_u32 {
                match random.below(5) {
                    0 | 1 => {
                        let scale = random.below(4);
                        let spread = [10, 1_000, 100_000, 1 << 40][scale];
                        let deadline =
                            (now + random.below(spread) as u64).saturating_sub(random.below(50) as u64);
                        model.insert(entry, (deadline, wheel.add(deadline, entry)));
                    }
                    2 => {
                        if let Some((&entry, &(_, timer))) =
                            model.iter().nth(random.below(model.len().max(1)))
                        {
                            wheel.remove(timer);
                            model.remove(&entry);
                        }
                    }
                    3 => {
                        let nth = random.below(model.len().max(1));
                        if let Some((deadline, timer)) = model.values_mut().nth(nth) {
                            let scale = random.below(3);
                            *deadline = now + random.below([100, 10_000, 1 << 40][scale]) as u64;
                            assert!(wheel.postpone(*timer, *deadline));
                        }
                    }
                    4 if random.below(20) == 0 => {
                        let most = [900, 40_000][random.below(2)];
                        now = now.saturating_sub(random.below(most) as u64);
                        wheel.follow_clock(now);
                    }
                    _ => {
                        let scale = random.below(3);
                        now += random.below([5, 500, 50_000][scale]) as u64;
                        // A small budget leaves slots half processed.
                        let mut budget = random.below(40) as u32;
                        while let Some(entry) = wheel.due(now, &mut budget) {
                            let (deadline, timer) = model.remove(&entry).expect("due once");
                            assert!(deadline <= now);
                            wheel.remove(timer);
                        }
                    }
                }
                assert_eq!(wheel.len(), model.len());
            }
            now += 200_000;
            let mut budget = u32::MAX;
            while let Some(entry) = wheel.due(now, &mut budget) {
                let (_, timer) = model.remove(&entry).expect("due once");
                wheel.remove(timer);
            }
            assert!(model.values().all(|(deadline, _)| *deadline > now), "nothing due is left behind");
        }
    }

    #[test]
    fn accepts_the_latest_possible_deadline() {
        let mut wheel = Wheel::new();
        let timer = wheel.add(u64::MAX, 1);
        assert_eq!(wheel.due(1 << 60, &mut 1000), None);
        assert_eq!(wheel.due(u64::MAX, &mut 1000), Some(1));
        wheel.remove(timer);
        assert!(wheel.is_empty());
    }
}
