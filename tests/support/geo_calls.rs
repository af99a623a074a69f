// Calls the operations on places whose JavaScript form differs from the WIT function's. No operation semantics.

use super::super::args::{Arg, Args, Stored};
use super::super::cases::{Fault, Value};
use super::{Element, Surface, plain};
use omnikv::prelude::*;
use omnikv::{Area, Coordinates, Found, GeoSearch, GeoaddOptions, Unit};

fn member_of(value: &Value, name: &str) -> Result<Value, Fault> {
    value.member(name).cloned().ok_or_else(|| Fault::invalid_argument("a member is missing"))
}

fn coordinates(value: &Value) -> Result<Coordinates, Fault> {
    let degrees = |name| f64::from_value(member_of(value, name)?);
    Ok(Coordinates::new(degrees("longitude")?, degrees("latitude")?))
}

/// A member with its coordinates.
struct Placed(Stored, Coordinates);

impl Arg for Placed {
    fn from_value(value: Value) -> Result<Placed, Fault> {
        Ok(Placed(Stored::from_value(member_of(&value, "member")?)?, coordinates(&value)?))
    }

    fn from_args(args: &mut Args) -> Result<Placed, Fault> {
        Placed::from_value(args.next_raw()?)
    }
}

impl Arg for Unit {
    fn from_value(value: Value) -> Result<Unit, Fault> {
        let Value::Text(name) = value else { return Err(Fault::invalid_argument("no unit")) };
        let known = [Unit::Meters, Unit::Kilometers, Unit::Feet, Unit::Miles];
        let unit = known.into_iter().find(|unit| unit.name() == name);
        unit.ok_or_else(|| Fault::invalid_argument("no such unit"))
    }
}

fn area(value: &Value) -> Result<Area, Fault> {
    let unit = value.member("unit").cloned().map_or(Ok(Unit::Meters), Unit::from_value)?;
    match value.member("radius") {
        Some(radius) => Ok(Area::radius(f64::from_value(radius.clone())?, unit)),
        None => {
            let side = |name| f64::from_value(member_of(value, name)?);
            Ok(Area::sides(side("width")?, side("height")?, unit))
        }
    }
}

fn search(a: &mut Args) -> Result<GeoSearch, Fault> {
    let (order, any): (Option<String>, _) = (a.given("order")?, a.flag("any")?);
    let count: Option<u64> = a.given("count")?;
    let (from, by) = (a.next_raw()?, area(&a.next_raw()?)?);
    let search = match from.member("member") {
        Some(member) => GeoSearch::around_member(Stored::from_value(member.clone())?, by),
        None => GeoSearch::around(coordinates(&from)?, by),
    };
    let search = match order.as_deref() {
        Some("asc") => search.nearest(),
        Some("desc") => search.farthest(),
        None => search,
        _ => return Err(Fault::invalid_argument("no such order")),
    };
    let search = count.map_or(search.clone(), |count| search.count(count));
    Ok(if any { search.any() } else { search })
}

impl From<Coordinates> for Value {
    fn from(Coordinates { longitude, latitude }: Coordinates) -> Value {
        Value::Map(vec![("longitude".into(), longitude.into()), ("latitude".into(), latitude.into())])
    }
}

fn map(members: Vec<(&str, Value)>) -> Value {
    Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The found members with one kind of detail, or with all.
fn with_distance<T: Element>(found: Vec<Found<T>>) -> Value {
    let one =
        |found: Found<T>| map(vec![("member", found.member.into()), ("distance", found.distance.into())]);
    Value::List(found.into_iter().map(one).collect())
}

fn with_hash<T: Element>(found: Vec<Found<T>>) -> Value {
    let one = |found: Found<T>| map(vec![("member", found.member.into()), ("hash", found.hash.into())]);
    Value::List(found.into_iter().map(one).collect())
}

fn with_coordinates<T: Element>(found: Vec<Found<T>>) -> Value {
    let one = |found: Found<T>| {
        map(vec![("member", found.member.into()), ("coordinates", found.coordinates.into())])
    };
    Value::List(found.into_iter().map(one).collect())
}

fn with_all<T: Element>(found: Vec<Found<T>>) -> Value {
    let one = |found: Found<T>| {
        map(vec![
            ("member", found.member.into()),
            ("distance", found.distance.into()),
            ("hash", found.hash.into()),
            ("coordinates", found.coordinates.into()),
        ])
    };
    Value::List(found.into_iter().map(one).collect())
}

/// Calls the operation; `None` if its JavaScript form is that of the WIT function.
pub fn call<S: Surface, T: Element>(s: &S, op: &str, a: &mut Args) -> Result<Option<S::Outcome>, Fault> {
    Ok(Some(match op {
        "geoadd" => {
            let mut options = GeoaddOptions::new();
            let condition = a.one_of([("nx", true), ("xx", false)])?;
            options = match condition {
                Some(true) => options.nx(),
                Some(false) => options.xx(),
                None => options,
            };
            if a.flag("ch")? {
                options = options.changed();
            }
            a.end()?;
            let (key, members): (String, Vec<Placed>) = a.read()?;
            let members = members.into_iter().map(|Placed(member, place)| (member, place));
            s.show(s.geoadd_with(key, members, options), plain)
        }
        "geodist" => {
            a.end()?;
            let (key, from, to, unit): (String, Stored, Stored, Option<Unit>) = a.read()?;
            s.show(s.geodist(key, from, to, unit.unwrap_or_default()), plain)
        }
        "geosearch" => {
            let details = [a.flag("withDist")?, a.flag("withHash")?, a.flag("withCoord")?];
            let key: String = a.next()?;
            let search = search(a)?;
            a.end()?;
            match details {
                [false, false, false] => s.show(s.geosearch::<T>(key, search), plain),
                [true, false, false] => s.show(s.geosearch_with_details::<T>(key, search), with_distance),
                [false, true, false] => s.show(s.geosearch_with_details::<T>(key, search), with_hash),
                [false, false, true] => s.show(s.geosearch_with_details::<T>(key, search), with_coordinates),
                _ => s.show(s.geosearch_with_details::<T>(key, search), with_all),
            }
        }
        "geosearchstore" => {
            let distances = a.flag("storeDist")?;
            let (to, key): (String, String) = (a.next()?, a.next()?);
            let search = search(a)?;
            a.end()?;
            match distances {
                false => s.show(s.geosearchstore(to, key, search), plain),
                true => s.show(s.geosearchstore_distances(to, key, search), plain),
            }
        }
        _ => return Ok(None),
    }))
}
