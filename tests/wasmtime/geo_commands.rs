// The commands on places as calls of their WIT functions, and the results as the commands' replies.

use crate::bindings::exports::omnikv::kv::geo;
use crate::commands::arguments;
use crate::convert::value;
use crate::plain::{IntoReply, print};
use crate::{Handle, Instance, untrapped};
use omnikv::Result;
use omnikv::command::{self, Bytes, Command, Details, Reply};

impl Instance {
    #[rustfmt::skip]
    pub fn execute_on_geo(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        let Instance { guest, store, .. } = self;
        macro_rules! call {
            ($function:ident($($argument:expr),*)) => {
                untrapped(guest.omnikv_kv_geo().$function(&mut *store, handle.0, $($argument),*))?
            };
        }
        Ok(match command {
            Command::GeoAdd { key, condition, changed, members } => {
                let members: Vec<_> = members.iter().map(|(place, member)| (value(member), coordinates(*place))).collect();
                let condition = condition.map(|condition| match condition {
                    command::ScoreCondition::New => geo::GeoCondition::New,
                    _ => geo::GeoCondition::Known,
                });
                call!(call_geoadd(key.as_str(), &members, geo::GeoaddOptions { condition, changed: *changed })).into_reply()
            }
            Command::GeoDist { key, from, to, unit } =>
                call!(call_geodist(key.as_str(), &value(from), &value(to), unit.map(unit_of))).into_reply(),
            Command::GeoSearch { key, from, by, order, count, any, .. } => {
                let options = options(*order, *count, *any);
                let details = command.details();
                match details == Details::default() {
                    true => call!(call_geosearch(key.as_str(), &origin(from), area(*by), options)).into_reply(),
                    false => {
                        let found = call!(call_geosearch_with_details(key.as_str(), &origin(from), area(*by), options));
                        Reply::List(found.into_iter().flat_map(|found| shown(found, details)).map(Some).collect())
                    }
                }
            }
            Command::GeoSearchStore { to, key, from, by, order, count, any, store_distances } => {
                let options = options(*order, *count, *any);
                call!(call_geosearchstore(to.as_str(), key.as_str(), &origin(from), area(*by), options, *store_distances)).into_reply()
            }
            _ => return self.call_plain(handle, command.name(), arguments(command)),
        })
    }
}

impl IntoReply for Vec<Option<geo::Coordinates>> {
    fn into_reply(self) -> Reply {
        let degrees = self.into_iter().flat_map(|place| {
            [place.map(|place| print(place.longitude)), place.map(|place| print(place.latitude))]
        });
        Reply::List(degrees.collect())
    }
}

/// A found member as the reply has it.
fn shown(found: geo::Found, details: Details) -> Vec<Bytes> {
    let mut items = vec![found.member];
    if details.distance {
        items.push(format!("{:.4}", found.distance).into());
    }
    if details.hash {
        items.push(found.hash.to_string().into());
    }
    if details.coordinates {
        items.extend([print(found.coordinates.longitude), print(found.coordinates.latitude)]);
    }
    items
}

fn coordinates(place: command::Coordinates) -> geo::Coordinates {
    geo::Coordinates { longitude: place.longitude, latitude: place.latitude }
}

fn origin(from: &command::Origin) -> geo::Origin {
    match from {
        command::Origin::Member(member) => geo::Origin::Member(value(member)),
        command::Origin::At(place) => geo::Origin::Point(coordinates(*place)),
    }
}

fn area(by: command::Area) -> geo::Area {
    match by {
        command::Area::Radius { radius, unit } => geo::Area::Radius((radius, unit_of(unit))),
        command::Area::Box { width, height, unit } => geo::Area::Box((width, height, unit_of(unit))),
    }
}

fn unit_of(unit: command::Unit) -> geo::Unit {
    match unit {
        command::Unit::Meters => geo::Unit::Meters,
        command::Unit::Kilometers => geo::Unit::Kilometers,
        command::Unit::Feet => geo::Unit::Feet,
        command::Unit::Miles => geo::Unit::Miles,
    }
}

fn options(order: Option<command::SortOrder>, count: Option<u64>, any: bool) -> geo::GeosearchOptions {
    let order = order.map(|order| match order {
        command::SortOrder::Ascending => geo::SortOrder::Ascending,
        command::SortOrder::Descending => geo::SortOrder::Descending,
    });
    geo::GeosearchOptions { order, count, any }
}
