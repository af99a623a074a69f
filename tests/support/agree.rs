// Whether two stores' replies to the same command agree. Unspecified order, rounding of floats, passing time and random
// choice are allowed to differ, and nothing else.

use omnikv::command::{Bytes, Command, Details, Reply, Shape};
use omnikv::error::{Kind, Result};

/// The tolerance for replies about time.
const CLOCK_TOLERANCE_MS: u64 = 4000;

/// Deadlines beyond this many milliseconds are all considered equal.
const FAR_AWAY_MS: i64 = 1 << 52;

pub fn agree(command: &Command, ours: &Result<Reply>, theirs: &Result<Reply>) -> bool {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        // Redis has one message for an increment and for a value that is not a number, and the order of two errors is
        // not defined.
        (Err(ours), Err(_)) if adds_no_number(command) => {
            return matches!(ours.kind(), Kind::InvalidArgument | Kind::WrongType);
        }
        (Err(ours), Err(theirs)) => return ours.kind() == theirs.kind(),
        _ => return false,
    };
    match (command, ours, theirs) {
        (Command::GeoDist { .. }, Reply::Bytes(ours), Reply::Bytes(theirs)) => same_distance(ours, theirs),
        (Command::GeoPos { .. }, Reply::List(ours), Reply::List(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(ours, theirs)| same_degrees(ours, theirs))
        }
        (Command::GeoSearch { order, count, any, .. }, Reply::List(ours), Reply::List(theirs)) => {
            let is_sorted = order.is_some() || count.is_some() && !any;
            same_search(command.details(), is_sorted, ours, theirs)
        }
        _ if first_score(command).is_some() => same_scores(command, ours, theirs),
        (Command::PTtl { .. } | Command::PExpireTime { .. }, Reply::Int(ours), Reply::Int(theirs)) => {
            same_time(*ours, *theirs, 1)
        }
        (Command::Ttl { .. } | Command::ExpireTime { .. }, Reply::Int(ours), Reply::Int(theirs)) => {
            same_time(*ours, *theirs, 1000)
        }
        (
            Command::IncrByFloat { .. } | Command::HIncrByFloat { .. },
            Reply::Bytes(ours),
            Reply::Bytes(theirs),
        ) => same_float(ours, theirs),
        (
            Command::Keys { .. }
            | Command::HKeys { .. }
            | Command::HVals { .. }
            | Command::SMembers { .. }
            | Command::SInter { .. }
            | Command::SUnion { .. }
            | Command::SDiff { .. },
            Reply::List(ours),
            Reply::List(theirs),
        ) => sorted(ours.clone()) == sorted(theirs.clone()),
        (Command::HGetAll { .. }, Reply::List(ours), Reply::List(theirs)) => pairs(ours) == pairs(theirs),
        // Whole scans: duplicates are allowed and count once.
        (Command::HScan { .. }, Reply::Page(_, ours), Reply::Page(_, theirs)) => {
            distinct(ours.chunks(2)) == distinct(theirs.chunks(2))
        }
        (_, Reply::Page(_, ours), Reply::Page(_, theirs)) => distinct(ours) == distinct(theirs),
        _ => ours == theirs,
    }
}

/// Where scores are in a list of the reply: the first, and the distance to the next.
fn first_score(command: &Command) -> Option<(usize, usize)> {
    match command.reply() {
        Shape::Score | Shape::Scores => Some((0, 1)),
        Shape::Scored | Shape::ScoredPage | Shape::RankAndScore => Some((1, 2)),
        Shape::KeyAndScored => Some((2, 2)),
        _ => None,
    }
}

/// Redis before 7.2 prints scores with up to 17 digits, we with as few as possible.
fn same_scores(command: &Command, ours: &Reply, theirs: &Reply) -> bool {
    let (first, step) = first_score(command).unwrap_or((0, 1));
    let number = |text: &Bytes| {
        let score: Option<f64> = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        score.map_or_else(|| text.clone(), |score| (score + 0.0).to_bits().to_be_bytes().to_vec())
    };
    let numbers = |items: &[Option<Bytes>]| -> Vec<Option<Bytes>> {
        let is_score = |at: usize| at >= first && (at - first).is_multiple_of(step);
        let items = items.iter().enumerate();
        items
            .map(|(at, item)| {
                item.as_ref().map(|item| if is_score(at) { number(item) } else { item.clone() })
            })
            .collect()
    };
    match (ours, theirs) {
        (Reply::Bytes(ours), Reply::Bytes(theirs)) => number(ours) == number(theirs),
        (Reply::List(ours), Reply::List(theirs)) => numbers(ours) == numbers(theirs),
        // Whole scans: duplicates are allowed and count once.
        (Reply::Page(_, ours), Reply::Page(_, theirs)) => {
            let pairs = |items: &[Bytes]| {
                distinct(items.chunks(2).map(|pair| (pair[0].clone(), pair.get(1).map(number))))
            };
            pairs(ours) == pairs(theirs)
        }
        _ => ours == theirs,
    }
}

/// Distances are rounded to four decimals, and the last bits of trigonometry differ between libraries.
fn same_distance(ours: &[u8], theirs: &[u8]) -> bool {
    let number = |text| str::from_utf8(text).ok().and_then(|text: &str| text.parse::<f64>().ok());
    matches!((number(ours), number(theirs)), (Some(ours), Some(theirs)) if (ours - theirs).abs() <= 1.5e-4)
}

/// Redis before 7.2 prints coordinates with 17 decimals.
fn same_degrees(ours: &Option<Bytes>, theirs: &Option<Bytes>) -> bool {
    match (ours, theirs) {
        (None, None) => true,
        (Some(ours), Some(theirs)) => same_float(ours, theirs),
        _ => false,
    }
}

/// Members that are equally far may come in any order, and any of them may be the last.
fn same_search(details: Details, is_sorted: bool, ours: &[Option<Bytes>], theirs: &[Option<Bytes>]) -> bool {
    let width = details.width();
    if ours.len() != theirs.len() {
        return false;
    }
    let same = |ours: &[Option<Bytes>], theirs: &[Option<Bytes>]| {
        (1..width).all(|at| match at {
            1 if details.distance => match (&ours[at], &theirs[at]) {
                (Some(ours), Some(theirs)) => same_distance(ours, theirs),
                _ => false,
            },
            _ => same_degrees(&ours[at], &theirs[at]),
        })
    };
    let pairs = ours.chunks(width).zip(theirs.chunks(width));
    if !is_sorted {
        return pairs.into_iter().all(|(ours, theirs)| ours[0] == theirs[0] && same(ours, theirs));
    }
    // Without distances, ties cannot be told from mistakes: the model test asks for them.
    pairs.into_iter().all(|(ours, theirs)| ours[0] == theirs[0] && same(ours, theirs))
        || details.distance
            && ours.chunks(width).zip(theirs.chunks(width)).all(|(ours, theirs)| {
                match (&ours[1], &theirs[1]) {
                    (Some(ours), Some(theirs)) => same_distance(ours, theirs),
                    _ => false,
                }
            })
}

fn adds_no_number(command: &Command) -> bool {
    match command {
        Command::IncrByFloat { by, .. } | Command::HIncrByFloat { by, .. } => by.parse::<f64>().is_err(),
        _ => false,
    }
}

fn same_time(ours: i64, theirs: i64, unit: i64) -> bool {
    let far_away = FAR_AWAY_MS / unit;
    if ours < 0 || theirs < 0 {
        return ours == theirs;
    }
    (ours > far_away && theirs > far_away)
        || ours.abs_diff(theirs) <= CLOCK_TOLERANCE_MS / unit.unsigned_abs()
}

/// Redis adds with 80-bit floats, we exactly.
fn same_float(ours: &[u8], theirs: &[u8]) -> bool {
    let number = |text| str::from_utf8(text).ok().and_then(|text: &str| text.parse::<f64>().ok());
    match (number(ours), number(theirs)) {
        (Some(ours), Some(theirs)) => {
            ours == theirs || (ours - theirs).abs() <= 1e-12 * ours.abs().max(theirs.abs()).max(1e-3)
        }
        _ => false,
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn distinct<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items = sorted(items.into_iter().collect());
    items.dedup();
    items
}

fn pairs(flat: &[Option<Bytes>]) -> Vec<&[Option<Bytes>]> {
    sorted(flat.chunks(2).collect())
}

/// Whether `reply` is a valid choice of the command from `all` the items (each one or two values).
pub fn is_a_choice(command: &Command, all: &[Vec<Bytes>], reply: &Result<Reply>) -> bool {
    let (count, width) = match command {
        Command::RandomKey { .. } => (None, 1),
        Command::SPop { count, .. } => (count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)), 1),
        Command::SRandMember { count, .. } => (*count, 1),
        Command::HRandField { count, with_values, .. } => (*count, if *with_values { 2 } else { 1 }),
        Command::ZRandMember { count, with_scores, .. } => (*count, if *with_scores { 2 } else { 1 }),
        _ => unreachable!("{} chooses nothing", command.name()),
    };
    let is_item = |item: &[Bytes]| {
        all.iter().any(|known| {
            let same = |(known, item): (&Bytes, &Bytes)| known == item || same_float(known, item);
            known[..1] == item[..1] && known[..width].iter().zip(item).all(same)
        })
    };
    match (count, reply) {
        (None, Ok(Reply::Nil)) => all.is_empty(),
        (None, Ok(Reply::Bytes(item))) => is_item(std::slice::from_ref(item)),
        (Some(count), Ok(Reply::List(flat))) => {
            let Some(flat) = flat.iter().cloned().collect::<Option<Vec<Bytes>>>() else { return false };
            let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let length = match count < 0 && !all.is_empty() {
                true => wanted,
                false => wanted.min(all.len()),
            };
            flat.len() == length * width
                && flat.chunks(width).all(is_item)
                && (count < 0 || distinct(flat.chunks(width)).len() == length)
        }
        _ => false,
    }
}
