// Random arguments of commands on bitmaps and HyperLogLogs.

use super::{Alphabet, Commands};
use omnikv::command::Bytes;

impl Commands {
    /// The offset of a bit: mostly within the first bytes, sometimes some megabytes away.
    pub fn bit_offset(&mut self) -> u64 {
        match self.rng.usize(..200) {
            0 => self.rng.u64(..1 << 25),
            1..6 => self.rng.u64(..1 << 14),
            6..100 => self.rng.u64(..24),
            _ => self.rng.u64(..600),
        }
    }

    /// A position in a bitmap, in bytes or bits.
    fn bit_position(&mut self) -> i64 {
        match self.rng.usize(..20) {
            0 => self.rng.i64(..),
            1 => self.rng.i64(-20_000..20_000),
            2..10 => self.rng.i64(-4..4),
            _ => self.rng.i64(-100..100),
        }
    }

    /// `start [end [BYTE|BIT]]`.
    pub fn bit_range(&mut self, may_be_open: bool) -> Vec<Bytes> {
        let mut words = vec![self.bit_position().to_string().into_bytes()];
        if may_be_open && self.rng.usize(..3) == 0 {
            return words;
        }
        words.push(self.bit_position().to_string().into_bytes());
        match self.rng.usize(..3) {
            0 => words.push(b"BIT".to_vec()),
            1 => words.push(b"BYTE".to_vec()),
            _ => {}
        }
        words
    }

    /// Operations of `BITFIELD`.
    pub fn bit_fields(&mut self) -> Vec<Bytes> {
        let mut words = Vec::new();
        for _ in 0..self.rng.usize(..5) {
            if self.rng.usize(..4) == 0 {
                let overflow = ["WRAP", "SAT", "FAIL"][self.rng.usize(..3)];
                words.extend([b"OVERFLOW".to_vec(), overflow.into()]);
            }
            let operation = ["GET", "SET", "INCRBY"][self.rng.usize(..3)];
            let is_signed = self.rng.bool();
            let bits = match self.rng.usize(..3) {
                0 => self.rng.u64(1..=63),
                1 if is_signed => 64,
                _ => [1, 2, 4, 8, 16, 31, 32, 33, 63][self.rng.usize(..9)],
            };
            words.push(operation.into());
            words.push(format!("{}{bits}", if is_signed { "i" } else { "u" }).into_bytes());
            words.push(match self.rng.usize(..4) {
                0 => format!("#{}", self.rng.u64(..9)).into_bytes(),
                _ => self.bit_offset().to_string().into_bytes(),
            });
            if operation != "GET" {
                let by = match self.rng.usize(..6) {
                    0 => self.rng.i64(..),
                    1 => [i64::MAX, i64::MIN, 0][self.rng.usize(..3)],
                    2 => 1 << self.rng.u32(..63),
                    _ => self.rng.i64(-200..=200),
                };
                // With SAT, Redis takes what is far below the least integer of a type for what is above the greatest.
                let by = if operation == "SET" { by.max(i64::MIN / 2) } else { by };
                words.push(by.to_string().into_bytes());
            }
        }
        words
    }

    /// Members of a HyperLogLog: mostly a few, sometimes so many that it becomes dense.
    pub fn many_members(&mut self) -> Vec<Bytes> {
        if self.alphabet == Alphabet::Wide {
            return (0..self.rng.usize(..4)).map(|_| self.rng.u64(..).to_string().into_bytes()).collect();
        }
        let count = match self.rng.usize(..100) {
            0 => 2000,
            1..8 => self.rng.usize(..300),
            _ => self.rng.usize(..4),
        };
        let most = [50, 2000, u64::MAX][self.rng.usize(..3)];
        let mut members = Vec::new();
        for _ in 0..count {
            let length = self.rng.usize(..20);
            members.push([vec![b'm'; length], self.rng.u64(..most).to_string().into_bytes()].concat());
        }
        members
    }
}
