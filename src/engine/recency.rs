// The order in which entries were last used: an intrusive list beside the table, kept only by stores that evict the
// least recently used key. It knows entries by their index only.

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Link {
    newer: u32,
    older: u32,
}

/// The entries of a dense table, most recently used first.
pub(crate) struct Recency {
    links: Vec<Link>,
    newest: u32,
    oldest: u32,
}

impl Recency {
    pub(crate) fn new() -> Recency {
        Recency { links: Vec::new(), newest: NONE, oldest: NONE }
    }

    /// The least recently used entry.
    pub(crate) fn oldest(&self) -> Option<usize> {
        (self.oldest != NONE).then_some(self.oldest as usize)
    }

    /// All entries, least recently used first.
    pub(crate) fn oldest_first(&self) -> impl Iterator<Item = usize> {
        let newer = |index: &usize| self.links.get(*index).map(|link| link.newer);
        std::iter::successors(self.oldest(), move |index| {
            newer(index).filter(|newer| *newer != NONE).map(|newer| newer as usize)
        })
    }

    /// Adds the entry that the table has just appended.
    pub(crate) fn push(&mut self) {
        self.links.push(Link { newer: NONE, older: NONE });
        self.link(self.links.len().wrapping_sub(1) as u32);
    }

    /// Marks the entry as most recently used.
    pub(crate) fn touch(&mut self, index: usize) {
        let index = index as u32;
        if index != self.newest && (index as usize) < self.links.len() {
            self.unlink(index);
            self.link(index);
        }
    }

    /// Mirrors the table's removal of an entry: the last one moves to its index.
    pub(crate) fn swap_remove(&mut self, index: usize) {
        if index >= self.links.len() {
            return;
        }
        self.unlink(index as u32);
        self.links.swap_remove(index);
        let Some(&Link { newer, older }) = self.links.get(index) else { return };
        self.set_older(newer, index as u32);
        self.set_newer(older, index as u32);
    }

    fn link(&mut self, index: u32) {
        let older = self.newest;
        if let Some(link) = self.links.get_mut(index as usize) {
            *link = Link { newer: NONE, older };
        }
        self.set_newer(older, index);
        self.newest = index;
    }

    fn unlink(&mut self, index: u32) {
        let Some(&Link { newer, older }) = self.links.get(index as usize) else { return };
        self.set_older(newer, older);
        self.set_newer(older, newer);
    }

    /// Sets the link after `index`, or the head of the list.
    fn set_older(&mut self, index: u32, older: u32) {
        match self.links.get_mut(index as usize) {
            Some(link) => link.older = older,
            None => self.newest = older,
        }
    }

    /// Sets the link before `index`, or the tail of the list.
    fn set_newer(&mut self, index: u32, newer: u32) {
        match self.links.get_mut(index as usize) {
            Some(link) => link.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;

    #[test]
    fn agrees_with_a_vector_under_random_use() {
        let mut random = Random::new(3);
        let mut recency = Recency::new();
        // The table (which entry is at which index), and the expected order of use.
        let mut table: Vec<u32> = Vec::new();
        let mut order: Vec<u32> = Vec::new();
        for name in 0..5_000 {
            match random.below(5) {
                0 | 1 => {
                    table.push(name);
                    order.push(name);
                    recency.push();
                }
                2 | 3 if !table.is_empty() => {
                    let index = random.below(table.len());
                    recency.touch(index);
                    order.retain(|other| *other != table[index]);
                    order.push(table[index]);
                }
                _ if !table.is_empty() => {
                    let index = random.below(table.len());
                    recency.swap_remove(index);
                    let gone = table.swap_remove(index);
                    order.retain(|other| *other != gone);
                }
                _ => {}
            }
            assert_eq!(recency.oldest().map(|index| table[index]), order.first().copied());
        }
    }
}
