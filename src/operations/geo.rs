// The operations on places. Each method names its command and its reply; none has a meaning of its own.

use super::{Run, building};
use crate::command::{Area, Command, Coordinates, Key, Origin, ScoreCondition, SortOrder, Unit};
use crate::error::Result;
use crate::reply::{Found, found, places};
use crate::value::{FromValue, IntoValue, IntoValues};

/// Places: members of a sorted set, each with coordinates.
///
/// A member's score is a geohash of 52 bits, the same as in Redis, so that the operations on sorted sets work on places
/// too: `zrem` removes one. Coordinates are rounded to less than a metre. Distances are those on a sphere, and up to 0.5 %
/// wrong. The [errors of every operation](super#errors-of-every-operation) apply. n is the number of members.
///
/// ```
/// # use omnikv::{Area, Coordinates, GeoSearch, MemoryStore, Unit, prelude::*};
/// let kv = MemoryStore::new();
/// let shops = [("Mitte", Coordinates::new(13.405, 52.52)), ("Potsdam", Coordinates::new(13.0635, 52.3989))];
/// kv.geoadd("shops", shops)?;
/// let near = GeoSearch::around(Coordinates::new(13.37, 52.51), Area::radius(10.0, Unit::Kilometers)).nearest();
/// assert_eq!(kv.geosearch::<String>("shops", near)?, ["Mitte"]);
/// # Ok::<(), omnikv::Error>(())
/// ```
pub trait Geo: Run {
    /// Adds members at coordinates, or moves members. Returns how many members are new.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/geoadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no members, and for coordinates outside the map.
    fn geoadd<V: IntoValue>(
        &self,
        key: impl Into<Key>,
        members: impl IntoIterator<Item = (V, Coordinates)>,
    ) -> Self::Output<u64> {
        self.geoadd_with(key, members, GeoaddOptions::new())
    }

    /// Like [`geoadd`](Self::geoadd), under a condition.
    ///
    /// O(log n) each. Redis: <https://redis.io/commands/geoadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no members, and for coordinates outside the map.
    fn geoadd_with<V: IntoValue>(
        &self,
        key: impl Into<Key>,
        members: impl IntoIterator<Item = (V, Coordinates)>,
        options: GeoaddOptions,
    ) -> Self::Output<u64> {
        self.run(building("geoadd", || {
            let members = members
                .into_iter()
                .map(|(member, place)| Ok((place, member.into_value()?)))
                .collect::<Result<_>>()?;
            let GeoaddOptions { condition, changed } = options;
            Ok(Command::GeoAdd { key: key.into(), condition, changed, members })
        }))
    }

    /// Returns where each member is, in order; `None` for those that are not members.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/geopos>
    fn geopos(
        &self,
        key: impl Into<Key>,
        members: impl IntoValues,
    ) -> Self::Output<Vec<Option<Coordinates>>> {
        let command =
            building("geopos", || Ok(Command::GeoPos { key: key.into(), members: members.into_values()? }));
        self.read(command, places)
    }

    /// Returns the distance of two members, rounded to four decimals; `None` when one of them is not a member.
    ///
    /// O(1). Redis: <https://redis.io/commands/geodist>
    fn geodist(
        &self,
        key: impl Into<Key>,
        from: impl IntoValue,
        to: impl IntoValue,
        unit: Unit,
    ) -> Self::Output<Option<f64>> {
        self.run(building("geodist", || {
            let (from, to) = (from.into_value()?, to.into_value()?);
            Ok(Command::GeoDist { key: key.into(), from, to, unit: Some(unit) })
        }))
    }

    /// Returns the standard geohash of each member, in order; `None` for those that are not members.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/geohash>
    fn geohash(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<Vec<Option<String>>> {
        self.run(building("geohash", || {
            Ok(Command::GeoHash { key: key.into(), members: members.into_values()? })
        }))
    }

    /// Returns the members within an area around a point.
    ///
    /// O(log n + members of the areas that cover the search). Redis: <https://redis.io/commands/geosearch>
    ///
    /// # Errors
    ///
    /// `not-found` if the member that the search is around does not exist; `invalid-argument` for coordinates outside the
    /// map, for negative lengths, for a count of 0, and for `any` without a count.
    fn geosearch<T: FromValue>(&self, key: impl Into<Key>, search: GeoSearch) -> Self::Output<Vec<T>> {
        self.run(building("geosearch", || search.command(key.into(), false)))
    }

    /// Like [`geosearch`](Self::geosearch), with the distance, the hash and the coordinates of each member.
    ///
    /// O(log n + members of the areas that cover the search). Redis: <https://redis.io/commands/geosearch>
    ///
    /// # Errors
    ///
    /// Like [`geosearch`](Self::geosearch).
    fn geosearch_with_details<T: FromValue>(
        &self,
        key: impl Into<Key>,
        search: GeoSearch,
    ) -> Self::Output<Vec<Found<T>>> {
        self.read(building("geosearch", || search.command(key.into(), true)), found)
    }

    /// Stores the members within an area at the key `to`, replacing any value there; an empty result deletes the key.
    /// Returns the number of members.
    ///
    /// O(log n + members of the areas that cover the search). Redis: <https://redis.io/commands/geosearchstore>
    ///
    /// # Errors
    ///
    /// Like [`geosearch`](Self::geosearch).
    fn geosearchstore(
        &self,
        to: impl Into<Key>,
        key: impl Into<Key>,
        search: GeoSearch,
    ) -> Self::Output<u64> {
        self.run(building("geosearchstore", || search.stored(to.into(), key.into(), false)))
    }

    /// Like [`geosearchstore`](Self::geosearchstore), with distances in the unit of the search as scores.
    ///
    /// O(log n + members of the areas that cover the search). Redis: <https://redis.io/commands/geosearchstore>
    ///
    /// # Errors
    ///
    /// Like [`geosearch`](Self::geosearch).
    fn geosearchstore_distances(
        &self,
        to: impl Into<Key>,
        key: impl Into<Key>,
        search: GeoSearch,
    ) -> Self::Output<u64> {
        self.run(building("geosearchstore", || search.stored(to.into(), key.into(), true)))
    }
}

impl<R: Run + ?Sized> Geo for R {}

/// Options for [`geoadd_with`](Geo::geoadd_with).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GeoaddOptions {
    condition: Option<ScoreCondition>,
    changed: bool,
}

impl GeoaddOptions {
    /// Writes every member, and counts new ones.
    pub fn new() -> GeoaddOptions {
        GeoaddOptions::default()
    }

    /// Writes only new members.
    pub fn nx(self) -> GeoaddOptions {
        GeoaddOptions { condition: Some(ScoreCondition::New), ..self }
    }

    /// Moves only members that exist.
    pub fn xx(self) -> GeoaddOptions {
        GeoaddOptions { condition: Some(ScoreCondition::Known), ..self }
    }

    /// Also counts members that were moved.
    pub fn changed(self) -> GeoaddOptions {
        GeoaddOptions { changed: true, ..self }
    }
}

/// A search for places, for [`geosearch`](Geo::geosearch).
#[derive(Clone, Debug, PartialEq)]
pub struct GeoSearch {
    from: Result<Origin>,
    by: Area,
    order: Option<SortOrder>,
    count: Option<u64>,
    any: bool,
}

impl GeoSearch {
    /// Around these coordinates.
    pub fn around(center: Coordinates, by: Area) -> GeoSearch {
        GeoSearch { from: Ok(Origin::At(center)), by, order: None, count: None, any: false }
    }

    /// Around a member, which is found too.
    pub fn around_member(member: impl IntoValue, by: Area) -> GeoSearch {
        let from = member.into_value().map(Origin::Member);
        GeoSearch { from, by, order: None, count: None, any: false }
    }

    /// From the nearest to the farthest.
    pub fn nearest(self) -> GeoSearch {
        GeoSearch { order: Some(SortOrder::Ascending), ..self }
    }

    /// From the farthest to the nearest.
    pub fn farthest(self) -> GeoSearch {
        GeoSearch { order: Some(SortOrder::Descending), ..self }
    }

    /// At most so many members, by default the nearest.
    pub fn count(self, count: u64) -> GeoSearch {
        GeoSearch { count: Some(count), ..self }
    }

    /// Ends as soon as it has found enough, though others may be nearer.
    pub fn any(self) -> GeoSearch {
        GeoSearch { any: true, ..self }
    }

    fn command(self, key: Key, details: bool) -> Result<Command> {
        let GeoSearch { from, by, order, count, any } = self;
        Ok(Command::GeoSearch {
            key,
            from: from?,
            by,
            order,
            count,
            any,
            with_coordinates: details,
            with_distances: details,
            with_hashes: details,
        })
    }

    fn stored(self, to: Key, key: Key, store_distances: bool) -> Result<Command> {
        let GeoSearch { from, by, order, count, any } = self;
        Ok(Command::GeoSearchStore { to, key, from: from?, by, order, count, any, store_distances })
    }
}
