// Conversion of replies to Rust types. Which type an operation returns is declared by the operation.

//! Conversions from a store's plain [`Reply`] to an operation's return type.

use crate::command::{Bytes, Coordinates, Reply};
use crate::error::{Error, Kind, Result};
use crate::score;
use crate::value::FromValue;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// A type that a reply can be converted to.
pub trait FromReply: Sized + 'static {
    /// Converts the reply.
    ///
    /// # Errors
    ///
    /// `internal` if the reply has another shape, `invalid-value` if a value in it does not fit the type.
    fn from_reply(reply: Reply) -> Result<Self>;
}

/// A collection of pairs: `Vec<(A, B)>`, `HashMap<A, B>`, `BTreeMap<A, B>`.
pub trait FromPairs: FromReply {}

/// A page of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The cursor of the next page; `"0"` after the last one.
    pub cursor: String,
    /// The items of this page. It may be empty even if there are more pages.
    pub items: Vec<T>,
}

impl<T> Page<T> {
    /// Whether the scan has ended.
    pub fn is_last(&self) -> bool {
        self.cursor == "0"
    }
}

/// The error for a reply that the operation cannot have.
pub(crate) fn unexpected(reply: &Reply, expected: &str) -> Error {
    // The reply contains a user's values, so only its shape is named.
    let shape = match reply {
        Reply::Nil => "nothing",
        Reply::Ok => "OK",
        Reply::Int(_) => "an integer",
        Reply::Bytes(_) => "bytes",
        Reply::List(_) => "a list",
        Reply::Ints(_) => "a list of integers",
        Reply::Page(..) => "a page",
    };
    Error::new(Kind::Internal, format!("(reply) expects {expected}, got {shape}"))
}

/// The single value of a reply that always has one.
pub(crate) fn value<T: FromValue>(reply: Reply) -> Result<T> {
    match reply {
        Reply::Bytes(bytes) => T::from_value(bytes),
        Reply::Int(number) => T::from_integer(number),
        other => Err(unexpected(&other, "a value")),
    }
}

/// The list of a reply that is nothing when the key is missing.
pub fn list_if_any<T: FromValue>(reply: Reply) -> Result<Option<Vec<T>>> {
    match reply {
        Reply::Nil => Ok(None),
        other => Vec::from_reply(other).map(Some),
    }
}

/// Names of keys. Keys of other programs that are not UTF-8 are left out.
pub(crate) fn key_names(reply: Reply) -> Result<Vec<String>> {
    Ok(items(reply)?.into_iter().flatten().filter_map(|key| String::from_utf8(key).ok()).collect())
}

/// A page of key names.
pub(crate) fn key_page(reply: Reply) -> Result<Page<String>> {
    page(reply, |keys| Ok(keys.into_iter().filter_map(|key| String::from_utf8(key).ok()).collect()))
}

/// A key and values of it, in a reply that is nothing when no key was chosen.
pub fn key_and_list<T: FromValue>(reply: Reply) -> Result<Option<(String, Vec<T>)>> {
    if reply == Reply::Nil {
        return Ok(None);
    }
    let mut items = items(reply)?.into_iter();
    let key = present(items.next().flatten())?;
    Ok(Some((key, items.map(present).collect::<Result<_>>()?)))
}

/// Numbers, some of them possibly missing.
pub fn numbers_if_any(reply: Reply) -> Result<Vec<Option<i64>>> {
    Vec::from_reply(reply)
}

/// A score.
pub fn score(reply: Reply) -> Result<f64> {
    score_if_any(reply)?.ok_or_else(|| unexpected(&Reply::Nil, "a score"))
}

/// A score, in a reply that is nothing if there is none.
pub fn score_if_any(reply: Reply) -> Result<Option<f64>> {
    match reply {
        Reply::Nil => Ok(None),
        Reply::Bytes(text) => number(&text).map(Some),
        other => Err(unexpected(&other, "a score")),
    }
}

/// Scores, some of them possibly missing.
pub fn scores(reply: Reply) -> Result<Vec<Option<f64>>> {
    items(reply)?.into_iter().map(|score| score.map(|text| number(&text)).transpose()).collect()
}

/// Members with their scores.
pub fn scored<T: FromValue>(reply: Reply) -> Result<Vec<(T, f64)>> {
    pairs(items(reply)?, |member, score| {
        Ok((present(member)?, number(score.as_deref().unwrap_or_default())?))
    })
}

/// The first member with its score, if any.
pub fn scored_if_any<T: FromValue>(reply: Reply) -> Result<Option<(T, f64)>> {
    Ok(scored(reply)?.into_iter().next())
}

/// A rank and a score, in a reply that is nothing if there is no such member.
pub fn rank_and_score(reply: Reply) -> Result<Option<(u64, f64)>> {
    if reply == Reply::Nil { Ok(None) } else { scored_if_any(reply) }
}

/// A key and members of it with their scores.
pub type KeyAndScored<T> = (String, Vec<(T, f64)>);

/// A key and members of it with their scores, in a reply that is nothing when no key was chosen.
pub fn key_and_scored<T: FromValue>(reply: Reply) -> Result<Option<KeyAndScored<T>>> {
    if reply == Reply::Nil {
        return Ok(None);
    }
    let mut items = items(reply)?;
    let members = items.split_off(items.len().min(1));
    let key = present(items.pop().flatten())?;
    Ok(Some((key, scored(Reply::List(members))?)))
}

/// A page of members with their scores.
pub fn scored_page<T: FromValue>(reply: Reply) -> Result<Page<(T, f64)>> {
    page(reply, |items| pairs(items, |member, score| Ok((T::from_value(member)?, number(&score)?))))
}

/// Places, some of them possibly missing.
pub fn places(reply: Reply) -> Result<Vec<Option<Coordinates>>> {
    pairs(items(reply)?, |longitude, latitude| match (longitude, latitude) {
        (Some(longitude), Some(latitude)) => {
            Ok(Some(Coordinates { longitude: number(&longitude)?, latitude: number(&latitude)? }))
        }
        _ => Ok(None),
    })
}

/// A member that a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T> {
    /// The member.
    pub member: T,
    /// How far it is from the origin, in the unit of the search.
    pub distance: f64,
    /// Its score: the geohash as an integer of 52 bits.
    pub hash: u64,
    /// Where it is.
    pub coordinates: Coordinates,
}

/// Members with everything that a search can tell about them.
pub fn found<T: FromValue>(reply: Reply) -> Result<Vec<Found<T>>> {
    let mut items = items(reply)?.into_iter();
    let mut all = Vec::new();
    while let Some(member) = items.next() {
        let mut text = || items.next().flatten().ok_or_else(|| unexpected(&Reply::Nil, "a detail"));
        all.push(Found {
            member: present(member)?,
            distance: number(&text()?)?,
            hash: u64::from_value(text()?)?,
            coordinates: Coordinates { longitude: number(&text()?)?, latitude: number(&text()?)? },
        });
    }
    Ok(all)
}

fn number(score: &[u8]) -> Result<f64> {
    score::parse(score).ok_or_else(|| Error::new(Kind::Internal, "(reply) expects a score"))
}

fn items(reply: Reply) -> Result<Vec<Option<Bytes>>> {
    match reply {
        Reply::List(items) => Ok(items),
        other => Err(unexpected(&other, "a list")),
    }
}

fn present<T: FromValue>(item: Option<Bytes>) -> Result<T> {
    item.map_or_else(|| Err(unexpected(&Reply::Nil, "a value")), T::from_value)
}

/// Groups items into pairs. An odd number of items means a malformed reply.
fn pairs<I, P>(items: Vec<I>, mut pair: impl FnMut(I, I) -> Result<P>) -> Result<Vec<P>> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(first) = items.next() {
        let second = items.next().ok_or_else(|| unexpected(&Reply::Nil, "the second of a pair"))?;
        pairs.push(pair(first, second)?);
    }
    Ok(pairs)
}

impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Reply> {
        Ok(reply)
    }
}

impl FromReply for () {
    fn from_reply(reply: Reply) -> Result<()> {
        match reply {
            Reply::Ok => Ok(()),
            other => Err(unexpected(&other, "OK")),
        }
    }
}

impl FromReply for bool {
    fn from_reply(reply: Reply) -> Result<bool> {
        match reply {
            Reply::Ok => Ok(true),
            Reply::Nil => Ok(false),
            Reply::Int(number) => Ok(number != 0),
            other => Err(unexpected(&other, "yes or no")),
        }
    }
}

impl FromReply for i64 {
    fn from_reply(reply: Reply) -> Result<i64> {
        match reply {
            Reply::Int(number) => Ok(number),
            other => Err(unexpected(&other, "an integer")),
        }
    }
}

impl FromReply for u64 {
    fn from_reply(reply: Reply) -> Result<u64> {
        match reply {
            Reply::Int(number) if number >= 0 => Ok(number.cast_unsigned()),
            other => Err(unexpected(&other, "a count")),
        }
    }
}

impl FromReply for f64 {
    fn from_reply(reply: Reply) -> Result<f64> {
        value(reply)
    }
}

impl FromReply for String {
    fn from_reply(reply: Reply) -> Result<String> {
        value(reply)
    }
}

impl FromReply for Bytes {
    fn from_reply(reply: Reply) -> Result<Bytes> {
        value(reply)
    }
}

impl<T: FromValue> FromReply for Option<T> {
    fn from_reply(reply: Reply) -> Result<Option<T>> {
        match reply {
            Reply::Nil => Ok(None),
            other => value(other).map(Some),
        }
    }
}

impl<T: FromValue> FromReply for Vec<T> {
    fn from_reply(reply: Reply) -> Result<Vec<T>> {
        match reply {
            Reply::Ints(numbers) => numbers.into_iter().map(T::from_integer).collect(),
            other => items(other)?.into_iter().map(present).collect(),
        }
    }
}

impl<T: FromValue> FromReply for Vec<Option<T>> {
    fn from_reply(reply: Reply) -> Result<Vec<Option<T>>> {
        items(reply)?.into_iter().map(|item| item.map(T::from_value).transpose()).collect()
    }
}

impl<A: FromValue, B: FromValue> FromReply for Vec<(A, B)> {
    fn from_reply(reply: Reply) -> Result<Vec<(A, B)>> {
        pairs(items(reply)?, |a, b| Ok((present(a)?, present(b)?)))
    }
}

impl<A: FromValue, B: FromValue> FromReply for Vec<(A, Option<B>)> {
    fn from_reply(reply: Reply) -> Result<Vec<(A, Option<B>)>> {
        pairs(items(reply)?, |a, b| Ok((present(a)?, b.map(B::from_value).transpose()?)))
    }
}

impl<A, B, S> FromReply for HashMap<A, B, S>
where
    A: FromValue + Eq + Hash,
    B: FromValue,
    S: BuildHasher + Default + 'static,
{
    fn from_reply(reply: Reply) -> Result<Self> {
        Ok(Vec::<(A, B)>::from_reply(reply)?.into_iter().collect())
    }
}

impl<A: FromValue + Ord, B: FromValue> FromReply for BTreeMap<A, B> {
    fn from_reply(reply: Reply) -> Result<Self> {
        Ok(Vec::<(A, B)>::from_reply(reply)?.into_iter().collect())
    }
}

impl<A: FromValue, B: FromValue> FromPairs for Vec<(A, B)> {}
impl<A: FromValue + Ord, B: FromValue> FromPairs for BTreeMap<A, B> {}
impl<A, B, S> FromPairs for HashMap<A, B, S>
where
    A: FromValue + Eq + Hash,
    B: FromValue,
    S: BuildHasher + Default + 'static,
{
}

fn page<T>(reply: Reply, read: impl FnOnce(Vec<Bytes>) -> Result<Vec<T>>) -> Result<Page<T>> {
    match reply {
        Reply::Page(cursor, items) => Ok(Page { cursor, items: read(items)? }),
        other => Err(unexpected(&other, "a page")),
    }
}

impl<T: FromValue> FromReply for Page<T> {
    fn from_reply(reply: Reply) -> Result<Page<T>> {
        page(reply, |items| items.into_iter().map(T::from_value).collect())
    }
}

impl<A: FromValue, B: FromValue> FromReply for Page<(A, B)> {
    fn from_reply(reply: Reply) -> Result<Page<(A, B)>> {
        page(reply, |items| pairs(items, |a, b| Ok((A::from_value(a)?, B::from_value(b)?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[Option<&str>]) -> Reply {
        Reply::List(items.iter().map(|item| item.map(|text| text.as_bytes().to_vec())).collect())
    }

    #[test]
    fn lists_keep_order_and_gaps() {
        let some = list(&[Some("1"), Some("2")]);
        assert_eq!(Vec::<i64>::from_reply(some.clone()).unwrap(), [1, 2]);
        assert_eq!(Vec::<(String, u64)>::from_reply(some).unwrap(), [("1".to_owned(), 2)]);
        let gap = list(&[Some("a"), None]);
        assert_eq!(Vec::<Option<String>>::from_reply(gap.clone()).unwrap(), [Some("a".to_owned()), None]);
        assert_eq!(Vec::<(String, Option<String>)>::from_reply(gap).unwrap(), [("a".to_owned(), None)]);
        assert_eq!(Vec::<bool>::from_reply(Reply::Ints(vec![0, 1])).unwrap(), [false, true]);
    }

    #[test]
    fn an_unexpected_shape_is_an_internal_error() {
        for error in [
            <()>::from_reply(Reply::Nil).unwrap_err(),
            u64::from_reply(Reply::Int(-1)).unwrap_err(),
            Vec::<String>::from_reply(list(&[None])).unwrap_err(),
            Vec::<(String, String)>::from_reply(list(&[Some("odd")])).unwrap_err(),
            Page::<String>::from_reply(Reply::Nil).unwrap_err(),
        ] {
            assert_eq!(error.kind(), Kind::Internal);
        }
    }

    #[test]
    fn a_page_of_pairs() {
        let page = Reply::Page("0".into(), vec![b"f".to_vec(), b"1".to_vec()]);
        let page = Page::<(String, i64)>::from_reply(page).unwrap();
        assert!(page.is_last());
        assert_eq!(page.items, [("f".to_owned(), 1)]);
    }
}
