// The interface `geo`: decode, run, encode.

use super::convert::{all, bytes};
use super::{Answer, Component, read, run};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::geo::{
    Area, Coordinates, Found, GeoCondition, GeoaddOptions, GeosearchOptions, Guest, Origin, SortOrder, Unit,
    Value,
};
use omnikv::command::{self, Bytes, Command};
use omnikv::reply::{self, found, places};

impl Guest for Component {
    fn geoadd(
        store: StoreBorrow<'_>,
        key: String,
        members: Vec<(Value, Coordinates)>,
        options: GeoaddOptions,
    ) -> Answer<u64> {
        let members = members
            .into_iter()
            .map(|(member, place)| Ok((place.into(), bytes("geoadd", member)?)))
            .collect::<Answer<_>>()?;
        let condition = options.condition.map(|condition| match condition {
            GeoCondition::New => command::ScoreCondition::New,
            GeoCondition::Known => command::ScoreCondition::Known,
        });
        run(&store, Command::GeoAdd { key: key.into(), condition, changed: options.changed, members })
    }

    fn geopos(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<Vec<Option<Coordinates>>> {
        let command = Command::GeoPos { key: key.into(), members: all("geopos", members)? };
        let found = read(&store, command, places)?;
        Ok(found.into_iter().map(|place| place.map(Coordinates::from)).collect())
    }

    fn geodist(
        store: StoreBorrow<'_>,
        key: String,
        from: Value,
        to: Value,
        unit: Option<Unit>,
    ) -> Answer<Option<f64>> {
        let (from, to) = (bytes("geodist", from)?, bytes("geodist", to)?);
        run(&store, Command::GeoDist { key: key.into(), from, to, unit: unit.map(command::Unit::from) })
    }

    fn geohash(store: StoreBorrow<'_>, key: String, members: Vec<Value>) -> Answer<Vec<Option<String>>> {
        run(&store, Command::GeoHash { key: key.into(), members: all("geohash", members)? })
    }

    fn geosearch(
        store: StoreBorrow<'_>,
        key: String,
        from: Origin,
        by: Area,
        options: GeosearchOptions,
    ) -> Answer<Vec<Bytes>> {
        run(&store, search(key, from, by, options, false)?)
    }

    fn geosearch_with_details(
        store: StoreBorrow<'_>,
        key: String,
        from: Origin,
        by: Area,
        options: GeosearchOptions,
    ) -> Answer<Vec<Found>> {
        let members = read(&store, search(key, from, by, options, true)?, found::<Bytes>)?;
        let shown = |reply::Found { member, distance, hash, coordinates }| Found {
            member,
            distance,
            hash,
            coordinates: coordinates.into(),
        };
        Ok(members.into_iter().map(shown).collect())
    }

    fn geosearchstore(
        store: StoreBorrow<'_>,
        to: String,
        key: String,
        from: Origin,
        by: Area,
        options: GeosearchOptions,
        distances: bool,
    ) -> Answer<u64> {
        let GeosearchOptions { order, count, any } = options;
        let command = Command::GeoSearchStore {
            to: to.into(),
            key: key.into(),
            from: origin("geosearchstore", from)?,
            by: by.into(),
            order: order.map(command::SortOrder::from),
            count,
            any,
            store_distances: distances,
        };
        run(&store, command)
    }
}

fn search(
    key: String,
    from: Origin,
    by: Area,
    options: GeosearchOptions,
    with_details: bool,
) -> Answer<Command> {
    let GeosearchOptions { order, count, any } = options;
    Ok(Command::GeoSearch {
        key: key.into(),
        from: origin("geosearch", from)?,
        by: by.into(),
        order: order.map(command::SortOrder::from),
        count,
        any,
        with_coordinates: with_details,
        with_distances: with_details,
        with_hashes: with_details,
    })
}

fn origin(op: &'static str, from: Origin) -> Answer<command::Origin> {
    Ok(match from {
        Origin::Member(member) => command::Origin::Member(bytes(op, member)?),
        Origin::Point(place) => command::Origin::At(place.into()),
    })
}

impl From<Coordinates> for command::Coordinates {
    fn from(Coordinates { longitude, latitude }: Coordinates) -> Self {
        Self { longitude, latitude }
    }
}

impl From<command::Coordinates> for Coordinates {
    fn from(command::Coordinates { longitude, latitude }: command::Coordinates) -> Self {
        Self { longitude, latitude }
    }
}

impl From<Unit> for command::Unit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Meters => Self::Meters,
            Unit::Kilometers => Self::Kilometers,
            Unit::Feet => Self::Feet,
            Unit::Miles => Self::Miles,
        }
    }
}

impl From<Area> for command::Area {
    fn from(area: Area) -> Self {
        match area {
            Area::Radius((radius, unit)) => Self::Radius { radius, unit: unit.into() },
            Area::Box((width, height, unit)) => Self::Box { width, height, unit: unit.into() },
        }
    }
}

impl From<SortOrder> for command::SortOrder {
    fn from(order: SortOrder) -> Self {
        match order {
            SortOrder::Ascending => Self::Ascending,
            SortOrder::Descending => Self::Descending,
        }
    }
}
