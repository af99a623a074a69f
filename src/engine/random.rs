// A small random generator for sampling. Not for anything secret.

/// SplitMix64: every seed gives a full-period, well-mixed sequence.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A random number below `bound`; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The high half of the product is uniform enough: the bias is below bound / 2^64.
        let product = u128::from(self.next()).wrapping_mul(bound as u128);
        (product >> 64) as usize
    }

    /// `count` distinct numbers below `bound` (all of them if there are fewer), by Floyd's method. The cost is O(count
    /// + bound / 64).
    pub(crate) fn distinct_below(&mut self, bound: usize, count: usize) -> Vec<usize> {
        let count = count.min(bound);
        if count == 1 {
            return vec![self.below(bound)];
        }
        // A bitmap is smaller and faster than a set for any number of draws from a store of realistic size.
        let mut taken = vec![0_u64; bound.div_ceil(64)];
        let mut take = |pick: usize| {
            let word = taken.get_mut(pick / 64);
            word.is_some_and(|word| std::mem::replace(word, *word | 1 << (pick % 64)) >> (pick % 64) & 1 == 0)
        };
        let mut chosen = Vec::with_capacity(count);
        for top in bound.saturating_sub(count)..bound {
            let pick = self.below(top.saturating_add(1));
            chosen.push(if take(pick) {
                pick
            } else {
                take(top);
                top
            });
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_distinct_and_in_range() {
        let mut random = Random::new(7);
        for (bound, count) in [(0, 3), (5, 5), (5, 9), (1000, 30)] {
            let mut sample = random.distinct_below(bound, count);
            sample.sort_unstable();
            sample.dedup();
            assert_eq!(sample.len(), count.min(bound));
            assert!(sample.iter().all(|pick| *pick < bound));
        }
        assert_eq!(random.below(0), 0);
    }
}
