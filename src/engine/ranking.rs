// The order of a sorted set: scores with the numbers of their members, in sorted chunks whose lengths are kept apart.
// A rank is a sum of lengths, which are small numbers in a row. It knows neither names nor what scores mean: who asks
// says what comes before.

/// The most entries of a chunk.
const CHUNK: usize = 512;

/// Entries in order. Finding, inserting and removing one costs O(log n), its rank O(n / 512).
#[derive(Clone, Default)]
pub(crate) struct Ranking {
    /// No chunk is empty.
    chunks: Vec<Chunk>,
    /// The length of each chunk.
    lengths: Vec<u32>,
}

/// Two columns: together, an entry would take 16 bytes instead of 12.
#[derive(Clone, Default)]
struct Chunk {
    scores: Vec<f64>,
    members: Vec<u32>,
}

/// Where an entry is, or where it would be inserted: the chunk, and the index in it.
pub(crate) type Place = (usize, usize);

impl Chunk {
    fn at(&self, index: usize) -> Option<(f64, u32)> {
        Some((*self.scores.get(index)?, *self.members.get(index)?))
    }
}

/// The first number below `length` for which `is_before` is false; `length` if there is none.
fn partition(length: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_before(middle) {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    low
}

impl Ranking {
    /// The place of the first entry for which `is_before` is false. It must be true for the first entries up to some
    /// place, and false from there.
    pub(crate) fn place(&self, is_before: impl Fn(f64, u32) -> bool) -> Place {
        let ask = |entry: Option<(f64, u32)>| entry.is_some_and(|(score, member)| is_before(score, member));
        let at = partition(self.chunks.len(), |at| {
            self.chunks.get(at).is_some_and(|chunk| ask(chunk.at(chunk.scores.len().wrapping_sub(1))))
        });
        let index = self
            .chunks
            .get(at)
            .map_or(0, |chunk| partition(chunk.scores.len(), |index| ask(chunk.at(index))));
        (at, index)
    }

    /// How many entries are before a place.
    pub(crate) fn rank(&self, (at, index): Place) -> usize {
        let before = self.lengths.get(..at).unwrap_or_default();
        before.iter().map(|length| *length as usize).sum::<usize>().saturating_add(index)
    }

    /// The place with so many entries before it.
    fn at_rank(&self, rank: usize) -> Place {
        let mut left = rank;
        for (at, length) in self.lengths.iter().enumerate() {
            match left.checked_sub(*length as usize) {
                None => return (at, left),
                Some(rest) => left = rest,
            }
        }
        (self.chunks.len(), 0)
    }

    /// The entries from one rank up to another, which is left out.
    pub(crate) fn span(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = (f64, u32)> {
        let (from, to) = (self.at_rank(from), self.at_rank(to));
        let chunks = (from.0..=to.0).filter_map(|at| Some((at, self.chunks.get(at)?)));
        chunks.flat_map(move |(at, chunk)| {
            let first = if at == from.0 { from.1 } else { 0 };
            let end = if at == to.0 { to.1 } else { chunk.scores.len() };
            let scores = chunk.scores.get(first..end).unwrap_or_default();
            scores.iter().copied().zip(chunk.members.get(first..end).unwrap_or_default().iter().copied())
        })
    }

    /// Inserts an entry at the place that [`place`](Ranking::place) has found for it.
    pub(crate) fn insert(&mut self, (mut at, mut index): Place, score: f64, member: u32) {
        if at >= self.chunks.len() {
            // After all others: fill the last chunk, so that growing at the end leaves no half-empty ones.
            match self.lengths.last() {
                Some(length) if (*length as usize) < CHUNK => {
                    at = self.chunks.len().saturating_sub(1);
                    index = *length as usize;
                }
                _ => {
                    self.chunks.push(Chunk::default());
                    self.lengths.push(0);
                    index = 0;
                }
            }
        }
        if self.length(at) >= CHUNK {
            self.split(at);
            if let Some(rest) = index.checked_sub(CHUNK / 2) {
                (at, index) = (at.saturating_add(1), rest);
            }
        }
        if let Some(chunk) = self.chunks.get_mut(at) {
            let index = index.min(chunk.scores.len());
            chunk.scores.insert(index, score);
            chunk.members.insert(index, member);
        }
        self.count(at);
    }

    fn length(&self, at: usize) -> usize {
        self.lengths.get(at).map_or(0, |length| *length as usize)
    }

    /// Notes the length of a chunk after a change.
    fn count(&mut self, at: usize) {
        if let (Some(chunk), Some(length)) = (self.chunks.get(at), self.lengths.get_mut(at)) {
            *length = chunk.scores.len() as u32;
        }
    }

    /// Moves the second half of a full chunk to one of its own.
    fn split(&mut self, at: usize) {
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        let half = (CHUNK / 2).min(chunk.scores.len());
        let second = Chunk { scores: chunk.scores.split_off(half), members: chunk.members.split_off(half) };
        let next = at.saturating_add(1).min(self.chunks.len());
        self.lengths.insert(next, second.scores.len() as u32);
        self.chunks.insert(next, second);
        self.count(at);
    }

    /// Removes the entry at a place.
    pub(crate) fn remove(&mut self, (at, index): Place) {
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        if index < chunk.scores.len() {
            chunk.scores.remove(index);
            chunk.members.remove(index);
        }
        self.count(at);
        self.tidy(at);
    }

    /// Removes the entry with this rank; returns its member.
    pub(crate) fn take(&mut self, rank: usize) -> Option<u32> {
        let place = self.at_rank(rank);
        let (_, member) = self.chunks.get(place.0)?.at(place.1)?;
        self.remove(place);
        Some(member)
    }

    /// Removes a chunk that became empty, and joins a small one with the next.
    fn tidy(&mut self, at: usize) {
        let next = at.saturating_add(1);
        if self.lengths.get(at) == Some(&0) {
            self.chunks.remove(at);
            self.lengths.remove(at);
        } else if next < self.chunks.len() && self.length(at).saturating_add(self.length(next)) <= CHUNK / 2 {
            let mut second = self.chunks.remove(next);
            self.lengths.remove(next);
            if let Some(chunk) = self.chunks.get_mut(at) {
                chunk.scores.append(&mut second.scores);
                chunk.members.append(&mut second.members);
            }
            self.count(at);
        }
    }

    /// Says that the entry at a place belongs to another member.
    pub(crate) fn renumber(&mut self, (at, index): Place, member: u32) {
        if let Some(entry) = self.chunks.get_mut(at).and_then(|chunk| chunk.members.get_mut(index)) {
            *entry = member;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Ranking {
        fn len(&self) -> usize {
            self.rank((self.chunks.len(), 0))
        }
    }

    use crate::engine::random::Random;

    #[test]
    fn agrees_with_a_sorted_vector_while_it_grows_and_shrinks() {
        let mut random = Random::new(5);
        let (mut ranking, mut model): (Ranking, Vec<(f64, u32)>) = (Ranking::default(), Vec::new());
        for round in 0..40_000_u32 {
            let is_growing = round % 20_000 < 12_000;
            match random.below(100) {
                0 if !is_growing => {
                    let from = random.below(model.len() + 1);
                    let to = (from + random.below(700)).min(model.len());
                    let gone: Vec<u32> = model.drain(from..to).map(|(_, member)| member).collect();
                    assert!(gone.into_iter().all(|member| ranking.take(from) == Some(member)));
                }
                draw if draw < if is_growing { 80 } else { 20 } => {
                    // Mostly anywhere, sometimes at the end.
                    let score = if draw == 1 { f64::from(round) } else { random.below(3000) as f64 };
                    let place = ranking.place(|other, member| (other, member) < (score, round));
                    let index = model.partition_point(|other| *other < (score, round));
                    assert_eq!(ranking.rank(place), index);
                    ranking.insert(place, score, round);
                    model.insert(index, (score, round));
                }
                _ if !model.is_empty() => {
                    let entry = model.remove(random.below(model.len()));
                    let place = ranking.place(|score, member| (score, member) < entry);
                    ranking.remove(place);
                }
                _ => {}
            }
            if round % 200 == 0 {
                let from = random.below(model.len() + 1);
                let to = from + random.below(model.len() - from + 1);
                assert_eq!(ranking.len(), model.len());
                assert!(ranking.span(from, to).eq(model[from..to].iter().copied()));
                assert!(ranking.span(from, to).rev().eq(model[from..to].iter().rev().copied()));
                assert!(ranking.lengths.iter().all(|length| (1..=CHUNK as u32).contains(length)));
            }
        }
        assert!(model.iter().rev().all(|(_, member)| ranking.take(ranking.len() - 1) == Some(*member)));
        assert!(ranking.chunks.is_empty() && ranking.lengths.is_empty());
    }
}
