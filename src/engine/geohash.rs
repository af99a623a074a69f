// Geohashes of 52 bits, distances on the earth, and the areas that a search looks at, exactly as Redis computes them: its
// sorted sets hold the same scores, and its searches find the same members in the same order. No knowledge of entries.

use crate::angles::{asin, cos, sin};
use crate::command::{Area, Coordinates, MAX_LATITUDE, MAX_LONGITUDE};

const EARTH_RADIUS_IN_METERS: f64 = 6372797.560856;
/// Half the side of the square map of the earth.
const MERCATOR_MAX: f64 = 20037726.37;
/// The most steps: each halves both sides of an area, and adds two bits to its hash.
const STEPS: u32 = 26;

/// The bits of the latitude, and those of the longitude.
const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;
const LONGITUDE_BITS: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// How the bits of a number are spread: the mask after each step, and how far the bits move.
const SPREAD: [(u64, u32); 5] = [
    (0x0000_ffff_0000_ffff, 16),
    (0x00ff_00ff_00ff_00ff, 8),
    (0x0f0f_0f0f_0f0f_0f0f, 4),
    (0x3333_3333_3333_3333, 2),
    (0x5555_5555_5555_5555, 1),
];

/// Moves the bits of a number to every second place.
fn spread(number: u32) -> u64 {
    SPREAD
        .iter()
        .fold(u64::from(number), |bits, (mask, distance)| (bits | bits.wrapping_shl(*distance)) & mask)
}

/// The number whose bits are at every second place.
fn gather(bits: u64) -> u32 {
    let mut number = bits & LATITUDE_BITS;
    for at in (0..SPREAD.len()).rev() {
        let mask = match at.checked_sub(1).and_then(|before| SPREAD.get(before)) {
            Some((mask, _)) => *mask,
            None => 0xffff_ffff,
        };
        let distance = SPREAD.get(at).map_or(0, |(_, distance)| *distance);
        number = (number | number.wrapping_shr(distance)) & mask;
    }
    number as u32
}

/// A hash of so many steps: an area of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    bits: u64,
    steps: u32,
}

/// The sides of an area.
struct Sides {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

fn encode(place: Coordinates, steps: u32, max_latitude: f64) -> u64 {
    let whole = 1_u64.wrapping_shl(steps) as f64;
    let latitude = (place.latitude + max_latitude) / (max_latitude + max_latitude) * whole;
    let longitude = (place.longitude + MAX_LONGITUDE) / (MAX_LONGITUDE + MAX_LONGITUDE) * whole;
    spread(latitude as u32) | spread(longitude as u32).wrapping_shl(1)
}

/// The score of a member at these coordinates.
pub(super) fn score(place: Coordinates) -> f64 {
    encode(place, STEPS, MAX_LATITUDE) as f64
}

/// The integer in a score. Sorted sets may hold other numbers than hashes.
pub(super) fn bits(score: f64) -> u64 {
    const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;
    match score {
        ..0.0 => (score as i64).cast_unsigned(),
        TOO_LARGE.. => 0,
        _ => score as u64,
    }
}

/// The centre of the area that a score names.
pub(super) fn place(score: f64) -> Coordinates {
    let sides = Cell { bits: bits(score), steps: STEPS }.sides();
    let within = |middle: f64, most: f64| middle.clamp(-most, most);
    Coordinates {
        longitude: within(f64::midpoint(sides.west, sides.east), MAX_LONGITUDE),
        latitude: within(f64::midpoint(sides.south, sides.north), MAX_LATITUDE),
    }
}

/// The standard geohash in text: eleven characters.
pub(super) fn text(score: f64) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    // The standard's latitudes go to the poles.
    let bits = encode(place(score), STEPS, 90.0);
    let letter = |at: u32| {
        // Redis writes 52 bits, and the eleventh character would need 55.
        let index =
            if at == 10 { 0 } else { bits.wrapping_shr(47_u32.saturating_sub(at.saturating_mul(5))) & 31 };
        char::from(ALPHABET.get(index as usize).copied().unwrap_or(b'0'))
    };
    (0..11).map(letter).collect()
}

fn in_radians(degrees: f64) -> f64 {
    degrees * (std::f64::consts::PI / 180.0)
}

fn in_degrees(radians: f64) -> f64 {
    radians / (std::f64::consts::PI / 180.0)
}

fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_IN_METERS * (in_radians(b) - in_radians(a)).abs()
}

/// The distance of two points in metres, on a sphere.
pub(super) fn distance(a: Coordinates, b: Coordinates) -> f64 {
    let v = sin((in_radians(b.longitude) - in_radians(a.longitude)) / 2.0);
    if v == 0.0 {
        return latitude_distance(a.latitude, b.latitude);
    }
    let (from, to) = (in_radians(a.latitude), in_radians(b.latitude));
    let u = sin((to - from) / 2.0);
    let chord = u * u + cos(from) * cos(to) * v * v;
    2.0 * EARTH_RADIUS_IN_METERS * asin(chord.sqrt())
}

impl Cell {
    fn of(place: Coordinates, steps: u32) -> Cell {
        Cell { bits: encode(place, steps, MAX_LATITUDE), steps }
    }

    fn sides(self) -> Sides {
        let whole = 1_u64.wrapping_shl(self.steps) as f64;
        let side = |number: u32, most: f64| f64::from(number) / whole * (most + most) - most;
        let (latitude, longitude) = (gather(self.bits), gather(self.bits.wrapping_shr(1)));
        Sides {
            west: side(longitude, MAX_LONGITUDE),
            east: side(longitude.wrapping_add(1), MAX_LONGITUDE),
            south: side(latitude, MAX_LATITUDE),
            north: side(latitude.wrapping_add(1), MAX_LATITUDE),
        }
    }

    /// The neighbour so many areas to the east and to the north: -1, 0 or 1.
    fn neighbour(self, east: i8, north: i8) -> Cell {
        let unused = 64_u32.saturating_sub(self.steps.saturating_mul(2));
        // Adding one at the lowest place carries through the places of the other coordinate if those are filled.
        let step = |own: u64, others: u64, by: i8| {
            let (own_bits, other_bits) = (self.bits & own, others.wrapping_shr(unused));
            let moved = match by {
                0 => return own_bits,
                1 => own_bits.wrapping_add(other_bits.wrapping_add(1)),
                _ => (own_bits | other_bits).wrapping_sub(other_bits.wrapping_add(1)),
            };
            moved & own.wrapping_shr(unused)
        };
        let longitude = step(LONGITUDE_BITS, LATITUDE_BITS, east);
        let latitude = step(LATITUDE_BITS, LONGITUDE_BITS, north);
        Cell { bits: longitude | latitude, steps: self.steps }
    }

    /// The scores of members within: from the first up to the second, which is left out.
    fn scores(self) -> (f64, f64) {
        let unused = 52_u32.saturating_sub(self.steps.saturating_mul(2));
        let score = |bits: u64| bits.wrapping_shl(unused) as f64;
        (score(self.bits), score(self.bits.wrapping_add(1)))
    }
}

/// A search around a point.
#[derive(Clone, Copy)]
pub(super) struct Circle {
    pub center: Coordinates,
    pub area: Area,
}

impl Circle {
    /// Half of the width and of the height, in metres.
    fn halves(self) -> (f64, f64) {
        let unit = self.area.unit().in_meters();
        match self.area {
            Area::Radius { radius, .. } => (unit * radius, unit * radius),
            Area::Box { width, height, .. } => (unit * (width / 2.0), unit * (height / 2.0)),
        }
    }

    /// The farthest that a member can be, in metres.
    fn reach(self) -> f64 {
        let unit = self.area.unit().in_meters();
        match self.area {
            Area::Radius { radius, .. } => radius * unit,
            Area::Box { width, height, .. } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt() * unit
            }
        }
    }

    /// The distance of a point in metres, if it is within.
    pub(super) fn distance_within(self, place: Coordinates) -> Option<f64> {
        let unit = self.area.unit().in_meters();
        let away = distance(self.center, place);
        let is_within = match self.area {
            Area::Radius { radius, .. } => away <= radius * unit,
            Area::Box { width, height, .. } => {
                let beside = Coordinates { longitude: self.center.longitude, latitude: place.latitude };
                latitude_distance(place.latitude, self.center.latitude) <= height * unit / 2.0
                    && distance(place, beside) <= width * unit / 2.0
            }
        };
        is_within.then_some(away)
    }

    /// The smallest box around it.
    fn sides(self) -> Sides {
        let Coordinates { longitude, latitude } = self.center;
        let (half_width, half_height) = self.halves();
        let up = in_degrees(half_height / EARTH_RADIUS_IN_METERS);
        // A degree of longitude is shortest at the end that is nearer to a pole.
        let nearer = if latitude < 0.0 { latitude - up } else { latitude + up };
        let aside = in_degrees(half_width / EARTH_RADIUS_IN_METERS / cos(in_radians(nearer)));
        Sides { west: longitude - aside, east: longitude + aside, south: latitude - up, north: latitude + up }
    }

    /// How many steps an area has so that it and its neighbours cover the search, mostly.
    fn steps(self) -> u32 {
        let mut reach = self.reach();
        if reach == 0.0 {
            return STEPS;
        }
        let mut steps = 1_u32;
        while reach < MERCATOR_MAX {
            reach *= 2.0;
            steps = steps.saturating_add(1);
        }
        // Areas are narrower towards the poles.
        let less = match self.center.latitude.abs() {
            latitude if latitude > 80.0 => 4,
            latitude if latitude > 66.0 => 3,
            _ => 2,
        };
        steps.saturating_sub(less).clamp(1, STEPS)
    }

    /// The ranges of scores in which members may be, in the order of Redis's search.
    pub(super) fn scores(self) -> impl Iterator<Item = (f64, f64)> {
        let wanted = self.sides();
        let mut cell = Cell::of(self.center, self.steps());
        let is_covered = cell.neighbour(0, 1).sides().north >= wanted.north
            && cell.neighbour(0, -1).sides().south <= wanted.south
            && cell.neighbour(1, 0).sides().east >= wanted.east
            && cell.neighbour(-1, 0).sides().west <= wanted.west;
        if cell.steps > 1 && !is_covered {
            cell = Cell::of(self.center, cell.steps.saturating_sub(1));
        }
        let own = cell.sides();
        let is_small = cell.steps >= 2;
        let [no_south, no_north, no_west, no_east] = [
            is_small && own.south < wanted.south,
            is_small && own.north > wanted.north,
            is_small && own.west < wanted.west,
            is_small && own.east > wanted.east,
        ];
        let mut last = None;
        let around = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        around.into_iter().filter_map(move |(east, north)| {
            let is_needless = (north < 0 && no_south)
                || (north > 0 && no_north)
                || (east < 0 && no_west)
                || (east > 0 && no_east);
            if is_needless {
                return None;
            }
            let next = cell.neighbour(east, north);
            // Areas of a huge search meet on the other side of the earth.
            if last == Some(next) {
                return None;
            }
            last = Some(next);
            Some(next.scores())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_spread_and_gathered() {
        for number in [0, 1, 2, 0xffff_ffff, 0x1234_5678, 0x8000_0001] {
            assert_eq!(gather(spread(number)), number);
            assert_eq!(gather(spread(number) | 0xaaaa_aaaa_aaaa_aaaa), number);
        }
    }

    #[test]
    fn hashes_are_those_of_redis() {
        let palermo = Coordinates::new(13.361389, 38.115556);
        assert_eq!(score(palermo), 3479099956230698.0);
        assert_eq!(text(3479099956230698.0), "sqc8b49rny0");
        let there = place(3479099956230698.0);
        assert!((there.longitude - palermo.longitude).abs() < 1e-5, "{there:?}");
        let catania = place(score(Coordinates::new(15.087269, 37.502669)));
        assert!((distance(there, catania) - 166274.1516).abs() < 1e-4);
    }
}
