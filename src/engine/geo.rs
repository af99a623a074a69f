// Operations on places: members of sorted sets whose scores are geohashes. No knowledge of commands or replies.

use super::geohash::{self, Circle};
use super::ranking::Ranking;
use super::reply::Gather;
use super::value::{SCORED_OVERHEAD, SortedSet};
use super::zsets::Adding;
use super::{Engine, Tick};
use crate::command::{Area, Bytes, Coordinates, Details, Origin, SortOrder, Unit};
use crate::error::{Error, Reason, Result};
use crate::score;

/// What a search looks for, and in which order it returns it.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The point it is around.
    pub from: &'a Origin,
    /// How far it goes.
    pub by: Area,
    /// Without it, in no particular order; with a count, from the nearest.
    pub order: Option<SortOrder>,
    /// The most members.
    pub count: Option<u64>,
    /// Whether it ends as soon as it has found so many, though others may be nearer.
    pub any: bool,
}

/// A member that was found.
struct Found {
    /// Its index in the table.
    member: u32,
    /// Its score.
    hash: f64,
    /// In metres.
    distance: f64,
}

/// A distance with four digits after the point, as Redis prints it.
fn print_distance(distance: f64) -> String {
    let scaled = (distance * 10_000.0).round_ties_even() as u64;
    let (whole, rest) = (scaled.wrapping_div(10_000), scaled.wrapping_rem(10_000));
    // The zeros of the fraction are kept.
    let fraction = rest.saturating_add(10_000).to_string();
    [&whole.to_string(), ".", fraction.get(1..).unwrap_or_default()].concat()
}

impl SortedSet {
    /// The members within a search, in the order of their areas; at most so many.
    fn within(&self, circle: Circle, most: usize) -> Vec<Found> {
        let mut found = Vec::new();
        for (min, max) in circle.scores() {
            let ranks = self.ranks_of_scores(min, max);
            for (hash, member) in self.ranking.span(ranks.start, ranks.end) {
                if found.len() >= most {
                    return found;
                }
                if let Some(distance) = circle.distance_within(geohash::place(hash)) {
                    found.push(Found { member, hash, distance });
                }
            }
        }
        found
    }

    /// What a search returns, in its order.
    fn search(&self, search: Search<'_>) -> Result<Vec<Found>> {
        let Search { from, by, order, count, any } = search;
        let center = match from {
            Origin::At(coordinates) => *coordinates,
            Origin::Member(member) => {
                geohash::place(self.score(member).ok_or_else(|| Error::because(Reason::NoSuchMember))?)
            }
        };
        let count = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(usize::MAX));
        let mut found = self.within(Circle { center, area: by }, if any { count } else { usize::MAX });
        let is_sorted = order.is_some() || (count != usize::MAX && !any);
        if is_sorted {
            let sign = if order == Some(SortOrder::Descending) { -1.0 } else { 1.0 };
            let mut ranking = Ranking::default();
            for (at, Found { distance, .. }) in found.iter().enumerate() {
                let distance = sign * distance;
                ranking.insert(ranking.place(|other, _| other <= distance), distance, at as u32);
            }
            let sorted = ranking.span(0, found.len()).take(count);
            let sorted = sorted.filter_map(|(_, at)| {
                let Found { member, hash, distance } = found.get(at as usize)?;
                Some(Found { member: *member, hash: *hash, distance: *distance })
            });
            return Ok(sorted.collect());
        }
        found.truncate(count);
        Ok(found)
    }
}

impl Engine {
    /// Adds members at these coordinates, or moves them; returns how many are new, and with `changed` also how many were
    /// moved. O(log n) a member. <https://redis.io/commands/geoadd>
    pub fn geoadd(
        &mut self,
        key: &[u8],
        members: &[(Coordinates, Bytes)],
        adding: Adding,
        tick: &Tick,
    ) -> Result<usize> {
        let scored: Vec<(f64, Bytes)> =
            members.iter().map(|(place, name)| (geohash::score(*place), name.clone())).collect();
        self.zadd(key, &scored, adding, tick)
    }

    /// Where these members are: a longitude and a latitude each, or twice nothing. O(1) a member.
    /// <https://redis.io/commands/geopos>
    pub fn geopos(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let scores = self.zmscore(key, members, tick)?;
        let places = scores.into_iter().flat_map(|score| {
            let place = score.map(geohash::place);
            [place.map(|place| place.longitude), place.map(|place| place.latitude)]
        });
        Ok(places.map(|degrees| degrees.map(|degrees| score::print(degrees).into())).collect())
    }

    /// The distance of two members as text; `None` if one is missing. O(1). <https://redis.io/commands/geodist>
    pub fn geodist(
        &mut self,
        key: &[u8],
        from: &[u8],
        to: &[u8],
        unit: Unit,
        tick: &Tick,
    ) -> Result<Option<String>> {
        let Some(set) = self.read::<SortedSet>(key, tick)? else { return Ok(None) };
        let (Some(from), Some(to)) = (set.score(from), set.score(to)) else { return Ok(None) };
        let distance = geohash::distance(geohash::place(from), geohash::place(to));
        Ok(Some(print_distance(distance / unit.in_meters())))
    }

    /// The geohashes of members in text. O(1) a member. <https://redis.io/commands/geohash>
    pub fn geohash(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let scores = self.zmscore(key, members, tick)?;
        Ok(scores.into_iter().map(|score| score.map(|score| geohash::text(score).into())).collect())
    }

    /// The members of a search, each followed by the details that are wanted: distance, hash, longitude and latitude.
    /// O(log n + members of the areas that cover the search). <https://redis.io/commands/geosearch>
    pub fn geosearch(
        &mut self,
        key: &[u8],
        search: Search<'_>,
        details: Details,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let Some(set) = self.read::<SortedSet>(key, tick)? else { return Ok(Vec::new()) };
        let mut reply = Gather::new();
        for Found { member, hash, distance } in set.search(search)? {
            reply.push(Some(set.name(member)));
            if details.distance {
                reply.push(Some(print_distance(distance / search.by.unit().in_meters()).as_bytes()));
            }
            if details.hash {
                reply.push(Some(geohash::bits(hash).cast_signed().to_string().as_bytes()));
            }
            if details.coordinates {
                let Coordinates { longitude, latitude } = geohash::place(hash);
                reply.push(Some(score::print(longitude).as_bytes()));
                reply.push(Some(score::print(latitude).as_bytes()));
            }
        }
        reply.finish()
    }

    /// Stores the members of a search at `to`, replacing any value there; returns how many. Their scores are their
    /// hashes or, if wanted, their distances. An empty result removes `to`. <https://redis.io/commands/geosearchstore>
    pub fn geosearchstore(
        &mut self,
        to: &[u8],
        key: &[u8],
        search: Search<'_>,
        store_distances: bool,
        tick: &Tick,
    ) -> Result<usize> {
        let room = self.room();
        let mut result = SortedSet::new(self.table.hasher());
        let mut weight = 0_usize;
        if let Some(set) = self.read::<SortedSet>(key, tick)? {
            for Found { member, hash, distance } in set.search(search)? {
                let name = set.name(member);
                weight = weight.saturating_add(name.len()).saturating_add(SCORED_OVERHEAD);
                if weight as u64 <= room {
                    let distance = distance / search.by.unit().in_meters();
                    result.put(name, if store_distances { distance } else { hash });
                }
            }
        }
        self.store_sorted(to, result, weight, tick)
    }
}
