// The arguments that only commands on places have, and how they are read and printed. What a search finds is the engine's
// subject.

use super::args::{Args, is};
use super::argument::{Argument, Inspect, Item};
use super::row::{Arg, ArgKind};
use super::table::{CONDITION, PLACES};
use super::words::Words;
use super::{Bytes, Command, Key, ScoreCondition, SortOrder};
use crate::error::{Error, Form, Reason, Result};
use crate::score;

/// A point on the earth, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Coordinates {
    /// From -180 to 180, eastwards.
    pub longitude: f64,
    /// From -85.05112878 to 85.05112878, northwards.
    pub latitude: f64,
}

/// The least and the greatest longitude and latitude that have a place in a sorted set.
pub(crate) const MAX_LONGITUDE: f64 = 180.0;
pub(crate) const MAX_LATITUDE: f64 = 85.05112878;

impl Coordinates {
    /// A point by its longitude and latitude.
    pub fn new(longitude: f64, latitude: f64) -> Coordinates {
        Coordinates { longitude, latitude }
    }

    /// Fails if there is no such point.
    pub(crate) fn check(self) -> Result<()> {
        let Coordinates { longitude, latitude } = self;
        let is_there = longitude.abs() <= MAX_LONGITUDE && latitude.abs() <= MAX_LATITUDE;
        let form = || Form::Coordinates([longitude.to_bits(), latitude.to_bits()]);
        if is_there { Ok(()) } else { Err(Error::because(Reason::Malformed("coordinates", form()))) }
    }

    fn read(args: &mut Args) -> Coordinates {
        let longitude = read_number(args, "longitude", Form::Score);
        let coordinates = Coordinates { longitude, latitude: read_number(args, "latitude", Form::Score) };
        if let Err(error) = coordinates.check() {
            args.refuse_with(error);
        }
        coordinates
    }

    fn print(self, words: Words) -> Words {
        words.word(score::print(self.longitude)).word(score::print(self.latitude))
    }
}

/// A unit of length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Metres.
    #[default]
    Meters,
    /// Kilometres.
    Kilometers,
    /// Feet.
    Feet,
    /// Miles.
    Miles,
}

impl Unit {
    /// The length in metres.
    pub(crate) fn in_meters(self) -> f64 {
        match self {
            Unit::Meters => 1.0,
            Unit::Kilometers => 1000.0,
            Unit::Feet => 0.3048,
            Unit::Miles => 1609.34,
        }
    }

    fn read(args: &mut Args) -> Unit {
        let word = args.next().unwrap_or_default();
        let known = [Unit::Meters, Unit::Kilometers, Unit::Feet, Unit::Miles];
        let unit = known.into_iter().find(|unit| word.eq_ignore_ascii_case(unit.name().as_bytes()));
        unit.unwrap_or_else(|| {
            args.expects("unit", Form::Unit);
            Unit::Meters
        })
    }

    /// Redis's word for it: `m`, `km`, `ft` or `mi`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Meters => "m",
            Unit::Kilometers => "km",
            Unit::Feet => "ft",
            Unit::Miles => "mi",
        }
    }
}

/// The point that a search is around.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// Where this member is.
    Member(Bytes),
    /// These coordinates.
    At(Coordinates),
}

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Area {
    /// As far as this radius.
    Radius {
        /// Not negative.
        radius: f64,
        /// The unit of the radius, and of distances in the reply.
        unit: Unit,
    },
    /// A box whose sides are parallel to the axes, and whose centre is the origin.
    Box {
        /// Not negative.
        width: f64,
        /// Not negative.
        height: f64,
        /// The unit of both, and of distances in the reply.
        unit: Unit,
    },
}

impl Area {
    /// As far as this radius.
    pub fn radius(radius: f64, unit: Unit) -> Area {
        Area::Radius { radius, unit }
    }

    /// A box of this size around the origin.
    pub fn sides(width: f64, height: f64, unit: Unit) -> Area {
        Area::Box { width, height, unit }
    }

    /// The unit of its lengths.
    pub fn unit(self) -> Unit {
        match self {
            Area::Radius { unit, .. } | Area::Box { unit, .. } => unit,
        }
    }

    /// Fails if a length is negative or not a number.
    pub(crate) fn check(self) -> Result<()> {
        let (name, length) = match self {
            Area::Radius { radius, .. } => ("radius", radius),
            Area::Box { width, height, .. } if width >= 0.0 => ("box", height),
            Area::Box { width, .. } => ("box", width),
        };
        if length >= 0.0 { Ok(()) } else { Err(Error::because(Reason::Malformed(name, Form::Length))) }
    }

    fn read_radius(args: &mut Args) -> Area {
        let radius = read_number(args, "radius", Form::NumericRadius);
        if radius < 0.0 {
            args.expects("radius", Form::Length);
        }
        Area::Radius { radius, unit: Unit::read(args) }
    }

    fn read_box(args: &mut Args) -> Area {
        let width = read_number(args, "width", Form::NumericWidth);
        let height = read_number(args, "height", Form::NumericHeight);
        if width < 0.0 || height < 0.0 {
            args.expects("box", Form::Length);
        }
        Area::Box { width, height, unit: Unit::read(args) }
    }
}

/// What a search returns beside each member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// How far it is from the origin.
    pub distance: bool,
    /// Its score: the geohash as an integer of 52 bits.
    pub hash: bool,
    /// Where it is.
    pub coordinates: bool,
}

impl Details {
    /// Whether there are any.
    pub(crate) fn any(self) -> bool {
        self.distance || self.hash || self.coordinates
    }

    /// How many items each member has in a flat reply: the member, the distance, the hash, longitude and latitude.
    pub fn width(self) -> usize {
        1 + usize::from(self.distance) + usize::from(self.hash) + 2 * usize::from(self.coordinates)
    }
}

impl Command {
    /// What the reply of a search holds beside each member.
    pub fn details(&self) -> Details {
        match self {
            Command::GeoSearch { with_coordinates, with_distances, with_hashes, .. } => {
                Details { distance: *with_distances, hash: *with_hashes, coordinates: *with_coordinates }
            }
            _ => Details::default(),
        }
    }
}

fn read_number(args: &mut Args, name: &'static str, form: Form) -> f64 {
    let text = args.next().unwrap_or_default();
    score::parse(text).unwrap_or_else(|| {
        args.expects(name, form);
        0.0
    })
}

/// A point and the member that is there.
impl Item for (Coordinates, Bytes) {
    const LIST: ArgKind = ArgKind::Places;

    fn read_item(args: &mut Args, _: &Arg) -> (Coordinates, Bytes) {
        (Coordinates::read(args), args.bytes("member"))
    }
    fn print_item(&self, words: Words) -> Words {
        self.0.print(words).word(&self.1)
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        by.bytes(&self.1);
    }
}

/// A unit at the end.
impl Argument for Unit {
    const KIND: ArgKind = ArgKind::Unit;

    fn read(args: &mut Args, _: &Arg) -> Unit {
        Unit::read(args)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        words.word(self.name())
    }
}

impl Argument for Origin {
    const KIND: ArgKind = ArgKind::Origin;

    fn read(args: &mut Args, _: &Arg) -> Origin {
        Origin::At(Coordinates::read(args))
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        match self {
            Origin::Member(member) => words.word("FROMMEMBER").word(member),
            Origin::At(coordinates) => coordinates.print(words.word("FROMLONLAT")),
        }
    }
    fn inspect(&mut self, by: &mut dyn Inspect) {
        if let Origin::Member(member) = self {
            by.bytes(member);
        }
    }
}

impl Argument for Area {
    const KIND: ArgKind = ArgKind::Area;

    fn read(args: &mut Args, _: &Arg) -> Area {
        Area::read_radius(args)
    }
    fn print(&self, words: Words, _: &Arg) -> Words {
        match self {
            Area::Radius { radius, .. } => words.word("BYRADIUS").word(score::print(*radius)),
            Area::Box { width, height, .. } => {
                words.word("BYBOX").word(score::print(*width)).word(score::print(*height))
            }
        }
        .word(self.unit().name())
    }
}

/// Reads the arguments of `GEOADD`, whose options precede the places.
pub(super) fn read_geoadd(args: &mut Args) -> Command {
    let key = args.key();
    let [mut nx, mut xx, mut changed] = [false; 3];
    loop {
        let flags = [&mut nx, &mut xx, &mut changed];
        let Some((_, flag)) = ["NX", "XX", "CH"].iter().zip(flags).find(|(word, _)| args.skip(word)) else {
            break;
        };
        *flag = true;
    }
    let words = args.left();
    if words == 0 && !(nx || xx || changed) {
        args.refuse(Reason::Empty("members", "member"));
    } else if words == 0 || !words.is_multiple_of(3) {
        args.refuse(Reason::OptionMissing("member", args.taken() + words));
    } else if nx && xx {
        args.refuse(Reason::Excludes("NX and XX"));
    }
    let condition = match () {
        () if nx => Some(ScoreCondition::New),
        () if xx => Some(ScoreCondition::Known),
        () => None,
    };
    Command::GeoAdd { key, condition, changed, members: Vec::read(args, &PLACES) }
}

pub(super) fn print_geoadd(command: &Command, words: Words) -> Words {
    let Command::GeoAdd { key, condition, changed, members } = command else { return words };
    let words = condition.print(words.word(key.as_bytes()), &CONDITION);
    members.print(if *changed { words.word("CH") } else { words }, &PLACES)
}

/// A search as its words say it, in any of Redis's forms.
#[derive(Default)]
pub(super) struct Search {
    from: Option<Origin>,
    by: Option<Area>,
    order: Option<SortOrder>,
    count: Option<u64>,
    any: bool,
    details: Details,
    store_distances: bool,
    /// Where the old forms store what they find.
    to: Option<Key>,
}

/// Which words a search takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `GEOSEARCH`.
    Search,
    /// `GEOSEARCHSTORE`.
    SearchStore,
    /// `GEORADIUS` and `GEORADIUSBYMEMBER`.
    Old,
    /// The same, for replicas.
    OldReadOnly,
}

impl Search {
    /// Reads the options, in the order of Redis's checks.
    fn read(mut self, args: &mut Args, dialect: Dialect) -> Search {
        let is_new = matches!(dialect, Dialect::Search | Dialect::SearchStore);
        let is_member = |from: &Option<Origin>| matches!(from, Some(Origin::Member(_)));
        while let Some(word) = args.next_option() {
            let left = args.left();
            match word {
                _ if is(word, "WITHDIST") => self.details.distance = true,
                _ if is(word, "WITHHASH") => self.details.hash = true,
                _ if is(word, "WITHCOORD") => self.details.coordinates = true,
                _ if is(word, "ANY") => self.any = true,
                _ if is(word, "ASC") => self.order = Some(SortOrder::Ascending),
                _ if is(word, "DESC") => self.order = Some(SortOrder::Descending),
                _ if is(word, "COUNT") && left >= 1 => self.count = Some(args.positive("count")),
                _ if is(word, "STORE") && left >= 1 && dialect == Dialect::Old => {
                    (self.to, self.store_distances) = (Some(args.key()), false);
                }
                _ if is(word, "STOREDIST") && left >= 1 && dialect == Dialect::Old => {
                    (self.to, self.store_distances) = (Some(args.key()), true);
                }
                _ if is(word, "STOREDIST") && dialect == Dialect::SearchStore => self.store_distances = true,
                _ if is(word, "FROMMEMBER") && left >= 1 && is_new => {
                    if matches!(self.from, Some(Origin::At(_))) {
                        args.refuse(Reason::Excludes("FROMMEMBER and FROMLONLAT"));
                    }
                    self.from = Some(Origin::Member(args.bytes("member")));
                }
                _ if is(word, "FROMLONLAT") && left >= 2 && is_new => {
                    if is_member(&self.from) {
                        args.refuse(Reason::Excludes("FROMMEMBER and FROMLONLAT"));
                    }
                    self.from = Some(Origin::At(Coordinates::read(args)));
                }
                _ if is(word, "BYRADIUS") && left >= 2 && is_new => {
                    if matches!(self.by, Some(Area::Box { .. })) {
                        args.refuse(Reason::Excludes("BYRADIUS and BYBOX"));
                    }
                    self.by = Some(Area::read_radius(args));
                }
                _ if is(word, "BYBOX") && left >= 3 && is_new => {
                    if matches!(self.by, Some(Area::Radius { .. })) {
                        args.refuse(Reason::Excludes("BYRADIUS and BYBOX"));
                    }
                    self.by = Some(Area::read_box(args));
                }
                _ => {
                    const KNOWN: &str = "FROMMEMBER, FROMLONLAT, BYRADIUS, BYBOX, ASC, DESC, COUNT, ANY, \
                                         WITHCOORD, WITHDIST or WITHHASH";
                    args.refuse_option(KNOWN.to_owned(), word);
                }
            }
        }
        if self.details.any() && (self.to.is_some() || dialect == Dialect::SearchStore) {
            args.expects("details", Form::NotStored);
        }
        if self.from.is_none() {
            args.expects("from", Form::Origin);
        }
        if self.by.is_none() {
            args.expects("by", Form::Area);
        }
        if self.any && self.count.is_none() {
            args.expects("any", Form::OnlyWithCount);
        }
        self
    }

    fn search(self, key: Key) -> Command {
        let Search { from, by, order, count, any, details, store_distances, to } = self;
        // What could not be read has been refused.
        let from = from.unwrap_or(Origin::Member(Bytes::new()));
        let by = by.unwrap_or(Area::radius(0.0, Unit::Meters));
        match to {
            Some(to) => Command::GeoSearchStore { to, key, from, by, order, count, any, store_distances },
            None => Command::GeoSearch {
                key,
                from,
                by,
                order,
                count,
                any,
                with_coordinates: details.coordinates,
                with_distances: details.distance,
                with_hashes: details.hash,
            },
        }
    }
}

pub(super) fn read_geosearch(args: &mut Args) -> Command {
    let key = args.key();
    Search::default().read(args, Dialect::Search).search(key)
}

pub(super) fn read_geosearchstore(args: &mut Args) -> Command {
    let (to, key) = (args.key(), args.key());
    Search { to: Some(to), ..Search::default().read(args, Dialect::SearchStore) }.search(key)
}

pub(super) fn print_search(command: &Command, words: Words) -> Words {
    let (words, from, by, order, count, any, flags) = match command {
        Command::GeoSearch { key, from, by, order, count, any, .. } => {
            let Details { distance, hash, coordinates } = command.details();
            let flags = [(coordinates, "WITHCOORD"), (distance, "WITHDIST"), (hash, "WITHHASH")];
            (words.word(key.as_bytes()), from, by, order, count, any, flags)
        }
        Command::GeoSearchStore { to, key, from, by, order, count, any, store_distances } => {
            let flags = [(*store_distances, "STOREDIST"), (false, ""), (false, "")];
            (words.word(to.as_bytes()).word(key.as_bytes()), from, by, order, count, any, flags)
        }
        _ => return words,
    };
    let mut words = by.print(from.print(words, &CONDITION), &CONDITION);
    if let Some(order) = order {
        words = order.print(words, &CONDITION);
    }
    if let Some(count) = count {
        words = words.word("COUNT").number(count);
    }
    for (is_given, word) in [(*any, "ANY")].into_iter().chain(flags) {
        if is_given {
            words = words.word(word);
        }
    }
    words
}

/// The old forms of `GEOSEARCH`.
const OLDER: [&str; 4] = ["georadius", "georadius_ro", "georadiusbymember", "georadiusbymember_ro"];

/// The old form that a word is, with its command.
pub(super) fn older_search(word: &[u8], arguments: &[&[u8]]) -> Option<Result<Command>> {
    let name = OLDER.into_iter().find(|older| word.eq_ignore_ascii_case(older.as_bytes()))?;
    let mut args = Args::new(arguments);
    let is_by_member = name.starts_with("georadiusbymember");
    let least = if is_by_member { 4 } else { 5 };
    if args.left() < least {
        args.refuse(Reason::Missing("unit", args.left()));
    }
    let key = args.key();
    let from = match is_by_member {
        true => Origin::Member(args.bytes("member")),
        false => Origin::At(Coordinates::read(&mut args)),
    };
    let by = Area::read_radius(&mut args);
    let dialect = if name.ends_with("_ro") { Dialect::OldReadOnly } else { Dialect::Old };
    let search = Search { from: Some(from), by: Some(by), ..Search::default() };
    let command = search.read(&mut args, dialect).search(key);
    Some(args.end().map(|()| command).map_err(|error| error.in_op(name)))
}
