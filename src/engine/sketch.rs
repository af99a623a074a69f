// The string that Redis stores for a HyperLogLog, bit for bit, so that it may be copied to a Redis and back. No knowledge of
// entries.
//
// 16 bytes of header: "HYLL", the encoding, three unused bytes, and the count as of the last change (little-endian), whose
// highest bit says that it is out of date. Behind it are 16,384 registers: dense, with 6 bits each, or sparse, as runs:
//
//   00llllll             l+1 registers are 0
//   01llllll llllllll    l+1 registers are 0
//   1vvvvvll             l+1 registers are v+1

use crate::command::Bytes;
use crate::error::{Error, Reason, Result};

const REGISTERS: usize = 1 << 14;
const HEADER: usize = 16;
const DENSE_BYTES: usize = HEADER + REGISTERS * 6 / 8;
/// Redis's default of `hll-sparse-max-bytes`.
const MAX_SPARSE_BYTES: usize = 3000;
/// The longest runs, and the highest register, of the sparse encoding.
const MAX_ZERO_RUN: usize = 64;
const MAX_RUN: usize = 4;
const MAX_SPARSE_RANK: u8 = 32;
/// The places of parts of the header.
const ENCODING: usize = 4;
const COUNT: usize = 8;
const COUNT_END: usize = 15;
const OUT_OF_DATE: u8 = 0x80;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// The bits of a hash beyond those that choose a register.
const RANK_BITS: usize = 50;

/// A HyperLogLog without members.
pub(super) fn empty() -> Bytes {
    let mut bytes = b"HYLL".to_vec();
    bytes.push(SPARSE);
    bytes.resize(HEADER, 0);
    push_zeros(&mut bytes, REGISTERS);
    bytes
}

/// Rejects a string that is no HyperLogLog. Whether its registers are whole is only seen when they are read.
pub(super) fn check(bytes: &[u8]) -> Result<()> {
    let is_one = bytes.len() >= HEADER
        && bytes.starts_with(b"HYLL")
        && bytes.get(ENCODING).is_some_and(|encoding| *encoding <= SPARSE)
        && (!is_dense(bytes) || bytes.len() == DENSE_BYTES);
    if is_one { Ok(()) } else { Err(Error::because(Reason::NotHyperLogLog)) }
}

pub(super) fn is_dense(bytes: &[u8]) -> bool {
    bytes.get(ENCODING) == Some(&DENSE)
}

fn corrupt() -> Error {
    Error::because(Reason::CorruptHyperLogLog)
}

/// Marks the count as out of date.
pub(super) fn forget_count(bytes: &mut [u8]) {
    if let Some(byte) = bytes.get_mut(COUNT_END) {
        *byte |= OUT_OF_DATE;
    }
}

/// The count, if it is up to date.
pub(super) fn kept_count(bytes: &[u8]) -> Option<u64> {
    let count = u64::from_le_bytes(*bytes.get(COUNT..)?.first_chunk()?);
    (count >> 56 < u64::from(OUT_OF_DATE)).then_some(count)
}

pub(super) fn keep_count(bytes: &mut [u8], count: u64) {
    if let Some(place) = bytes.get_mut(COUNT..=COUNT_END) {
        place.copy_from_slice(&count.to_le_bytes());
    }
}

/// Adds members. Returns whether a register has changed; the count is out of date then.
pub(super) fn add(bytes: &mut Bytes, members: &[Bytes]) -> Result<bool> {
    let mut is_changed = false;
    for member in members {
        let (register, rank) = place_of(member);
        is_changed |= raise(bytes, register, rank)?;
    }
    if is_changed {
        forget_count(bytes);
    }
    Ok(is_changed)
}

/// The register that a member belongs to, and the rank that it raises it to: one more than the zeros at the end of the
/// rest of its hash.
fn place_of(member: &[u8]) -> (usize, u8) {
    let hash = murmur64a(member, 0xadc8_3b19);
    let rest = (hash >> 14) | (1 << RANK_BITS);
    ((hash as usize) & 0x3fff, (rest.trailing_zeros() as u8).saturating_add(1))
}

/// MurmurHash2 for 64 bits, by Austin Appleby.
fn murmur64a(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word).wrapping_mul(M);
        hash = (hash ^ (word ^ (word >> 47)).wrapping_mul(M)).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 47)).wrapping_mul(M);
    hash ^ (hash >> 47)
}

/// Raises a register to a rank. Returns whether it was lower.
fn raise(bytes: &mut Bytes, register: usize, rank: u8) -> Result<bool> {
    match is_dense(bytes) {
        true => Ok(raise_dense(bytes, register, rank)),
        false => raise_sparse(bytes, register, rank),
    }
}

fn raise_dense(bytes: &mut [u8], register: usize, rank: u8) -> bool {
    let bit = register.saturating_mul(6);
    let (at, shift) = (HEADER.saturating_add(bit >> 3), (bit & 7) as u32);
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let pair = u16::from_le_bytes([byte(at), byte(at.saturating_add(1))]);
    if (pair.wrapping_shr(shift) & 63) as u8 >= rank {
        return false;
    }
    let pair = (pair & !63_u16.wrapping_shl(shift)) | u16::from(rank).wrapping_shl(shift);
    let places = bytes.get_mut(at..).unwrap_or_default();
    places.iter_mut().zip(pair.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    true
}

/// A run of equal registers in the sparse encoding.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Run {
    rank: u8,
    registers: usize,
    /// How many bytes say so.
    bytes: usize,
}

/// The run at this place of the string; `None` at its end.
fn run_at(bytes: &[u8], at: usize) -> Option<Run> {
    let first = *bytes.get(at)?;
    let low = usize::from(first & 0x3f);
    Some(match first >> 6 {
        0 => Run { rank: 0, registers: low.saturating_add(1), bytes: 1 },
        1 => {
            let second = bytes.get(at.saturating_add(1)).copied().unwrap_or(0);
            Run { rank: 0, registers: ((low << 8) | usize::from(second)).saturating_add(1), bytes: 2 }
        }
        _ => Run {
            rank: ((first >> 2) & 31).saturating_add(1),
            registers: usize::from(first & 3).saturating_add(1),
            bytes: 1,
        },
    })
}

fn push_zeros(bytes: &mut Bytes, registers: usize) {
    let Some(length) = registers.checked_sub(1) else { return };
    if registers > MAX_ZERO_RUN {
        bytes.push(0x40 | (length >> 8) as u8);
    }
    bytes.push(length as u8);
}

fn push_run(bytes: &mut Bytes, rank: u8, registers: usize) {
    match registers.checked_sub(1) {
        Some(_) if rank == 0 => push_zeros(bytes, registers),
        Some(length) => bytes.push(0x80 | rank.saturating_sub(1) << 2 | length as u8),
        None => {}
    }
}

/// Raises a register of the sparse encoding; makes it dense where that becomes too long. Which runs it leaves is what Redis
/// leaves: nothing is merged beyond what is near the register.
fn raise_sparse(bytes: &mut Bytes, register: usize, rank: u8) -> Result<bool> {
    let (mut at, mut first, mut before) = (HEADER, 0_usize, HEADER);
    let run = loop {
        let run = run_at(bytes, at).ok_or_else(corrupt)?;
        let next = first.saturating_add(run.registers);
        if register < next {
            break run;
        }
        (before, first) = (at, next);
        at = at.saturating_add(run.bytes);
    };
    if run.rank >= rank {
        return Ok(false);
    }
    let mut parts = Bytes::new();
    push_run(&mut parts, run.rank, register.saturating_sub(first));
    push_run(&mut parts, rank.min(MAX_SPARSE_RANK), 1);
    let behind = first.saturating_add(run.registers).saturating_sub(register).saturating_sub(1);
    push_run(&mut parts, run.rank, behind);
    let growth = parts.len().saturating_sub(run.bytes);
    if rank > MAX_SPARSE_RANK || (growth > 0 && bytes.len().saturating_add(growth) > MAX_SPARSE_BYTES) {
        let mut registers = Registers::new();
        registers.merge(bytes)?;
        registers.write_dense(bytes);
        return Ok(raise_dense(bytes, register, rank));
    }
    bytes.splice(at..at.saturating_add(run.bytes).min(bytes.len()), parts);
    merge_runs(bytes, before);
    Ok(true)
}

/// Merges equal neighbours among the five runs from here on.
fn merge_runs(bytes: &mut Bytes, from: usize) {
    let mut at = from;
    for _ in 0..5 {
        let Some(run) = run_at(bytes, at) else { return };
        let next = run_at(bytes, at.saturating_add(1)).filter(|next| run.rank > 0 && next.rank == run.rank);
        let registers = next.map_or(usize::MAX, |next| run.registers.saturating_add(next.registers));
        if registers > MAX_RUN {
            at = at.saturating_add(run.bytes);
            continue;
        }
        let mut merged = Bytes::new();
        push_run(&mut merged, run.rank, registers);
        bytes.splice(at..at.saturating_add(2), merged);
    }
}

/// The rank of each register.
pub(super) struct Registers(Vec<u8>);

impl Registers {
    pub(super) fn new() -> Registers {
        Registers(vec![0; REGISTERS])
    }

    /// Raises each register to that of a HyperLogLog.
    pub(super) fn merge(&mut self, bytes: &[u8]) -> Result<()> {
        if is_dense(bytes) {
            let triples = bytes.get(HEADER..).unwrap_or_default().as_chunks::<3>().0;
            for (ranks, [a, b, c]) in self.0.as_chunks_mut::<4>().0.iter_mut().zip(triples) {
                let bits = u32::from_le_bytes([*a, *b, *c, 0]);
                for (index, rank) in ranks.iter_mut().enumerate() {
                    *rank = (*rank).max((bits.wrapping_shr((index as u32).wrapping_mul(6)) & 63) as u8);
                }
            }
            return Ok(());
        }
        let (mut at, mut register) = (HEADER, 0_usize);
        while let Some(run) = run_at(bytes, at) {
            let end = register.saturating_add(run.registers);
            let ranks = self.0.get_mut(register..end).ok_or_else(corrupt)?;
            if run.rank > 0 {
                ranks.iter_mut().for_each(|rank| *rank = (*rank).max(run.rank));
            }
            (at, register) = (at.saturating_add(run.bytes), end);
        }
        if register == REGISTERS { Ok(()) } else { Err(corrupt()) }
    }

    /// Raises a HyperLogLog's registers to these.
    pub(super) fn write(&self, bytes: &mut Bytes, as_dense: bool) -> Result<()> {
        if as_dense {
            self.write_dense(bytes);
            return Ok(());
        }
        for (register, rank) in self.0.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            raise(bytes, register, *rank)?;
        }
        Ok(())
    }

    /// Replaces what is behind the header.
    fn write_dense(&self, bytes: &mut Bytes) {
        bytes.truncate(HEADER);
        for ranks in self.0.as_chunks::<4>().0 {
            let bits = ranks.iter().rev().fold(0_u32, |bits, rank| (bits << 6) | u32::from(*rank));
            bytes.extend(bits.to_le_bytes().iter().take(3));
        }
        if let Some(encoding) = bytes.get_mut(ENCODING) {
            *encoding = DENSE;
        }
    }

    /// The estimate, as by Otmar Ertl: "New cardinality estimation algorithms for HyperLogLog sketches", 2017.
    pub(super) fn count(&self) -> u64 {
        let mut histogram = [0_u32; 64];
        for rank in &self.0 {
            if let Some(count) = histogram.get_mut(usize::from(*rank)) {
                *count = count.saturating_add(1);
            }
        }
        let of_rank = |rank: usize| f64::from(histogram.get(rank).copied().unwrap_or(0));
        let m = REGISTERS as f64;
        let mut z = m * tau((m - of_rank(RANK_BITS.saturating_add(1))) / m);
        for rank in (1..=RANK_BITS).rev() {
            z = (z + of_rank(rank)) * 0.5;
        }
        z += m * sigma(of_rank(0) / m);
        // The constant is 0.5 / ln(2).
        (0.721_347_520_444_481_7 * m * m / z).round() as u64
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}
