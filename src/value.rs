// Conversion between Rust types and the bytes of values. No knowledge of operations or replies.

//! Conversions between Rust's types and the bytes that a store holds.
//!
//! Text, integers, floats and booleans are stored as text, so that every other program can read them: `42`, `3.14`,
//! `true`. [`Json`] stores anything that serde can serialize. Bytes are stored unchanged.

use crate::command::{Bytes, Expiry, Key, ValueType};
use crate::error::{Error, Kind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A type that can be stored as a value, list element, hash field or set member.
///
/// `u8` does not implement it: a slice of `u8` is bytes.
pub trait IntoValue {
    /// Converts to the stored bytes.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if the value could not be read back: a NaN, an infinity, a type without a JSON form.
    fn into_value(self) -> Result<Bytes>;
}

/// One or several values: a value itself, or an array, slice or `Vec` of values.
pub trait IntoValues {
    /// Converts to the stored bytes of each value, in order.
    ///
    /// # Errors
    ///
    /// Like [`IntoValue::into_value`].
    fn into_values(self) -> Result<Vec<Bytes>>;
}

/// One or several keys: a key itself, or an array, slice or `Vec` of keys.
pub trait IntoKeys {
    /// The keys, in order.
    fn into_keys(self) -> Vec<Key>;
}

/// What a key must hold for a conditional write: a value or `Some(value)`; [`Missing`] or `None` if it must not exist.
pub trait IntoExpected {
    /// The expected bytes; `None` if the key must be missing.
    ///
    /// # Errors
    ///
    /// Like [`IntoValue::into_value`].
    fn into_expected(self) -> Result<Option<Bytes>>;
}

/// Expects that a key does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

/// A type that stored bytes can be converted to.
pub trait FromValue: Sized + 'static {
    /// Converts stored bytes.
    ///
    /// # Errors
    ///
    /// `invalid-value` if the bytes are not of this type. The message does not quote them.
    fn from_value(bytes: Bytes) -> Result<Self>;

    /// Converts an integer: stores also return counts and indexes.
    ///
    /// # Errors
    ///
    /// Like [`from_value`](Self::from_value).
    fn from_integer(number: i64) -> Result<Self> {
        Self::from_value(number.to_string().into_bytes())
    }
}

/// A value as JSON: `Json(&user)` writes it, `Json<User>` reads it.
///
/// ```
/// # use omnikv::{Json, MemoryStore, prelude::*};
/// let kv = MemoryStore::new();
/// kv.rpush("points", [Json((1, 2)), Json((3, 4))])?;
/// let points: Vec<Json<(i32, i32)>> = kv.lrange("points", 0, -1)?;
/// assert_eq!(points[1].0, (3, 4));
/// # Ok::<(), omnikv::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoValue for Json<T> {
    fn into_value(self) -> Result<Bytes> {
        // serde's message may quote the value, so it is not shown.
        serde_json::to_vec(&self.0)
            .map_err(|_| Error::invalid_argument("(value) expects something that JSON can express"))
    }
}

impl<T: DeserializeOwned + 'static> FromValue for Json<T> {
    fn from_value(bytes: Bytes) -> Result<Json<T>> {
        serde_json::from_slice(&bytes).map(Json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::invalid_value(format!(
                "(value) is not the JSON of a {} (line {line}, column {column})",
                std::any::type_name::<T>()
            ))
        })
    }
}

macro_rules! values {
    ($([$($generics:tt)*] $type:ty: $value:ident => $bytes:expr;)*) => { $(
        impl<$($generics)*> IntoValue for $type {
            fn into_value(self) -> Result<Bytes> {
                let $value = self;
                $bytes
            }
        }
        single!([$($generics)*] $type);
    )* };
}

macro_rules! single {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> IntoValues for $type {
            fn into_values(self) -> Result<Vec<Bytes>> {
                Ok(vec![self.into_value()?])
            }
        }
        impl<$($generics)*> IntoExpected for $type {
            fn into_expected(self) -> Result<Option<Bytes>> {
                self.into_value().map(Some)
            }
        }
    };
}
single!([T: Serialize] Json<T>);

values! {
    [] &str: text => Ok(text.as_bytes().to_vec());
    [] String: text => Ok(text.into_bytes());
    [] &String: text => Ok(text.as_bytes().to_vec());
    [] &[u8]: bytes => Ok(bytes.to_vec());
    [] Vec<u8>: bytes => Ok(bytes);
    [] &Vec<u8>: bytes => Ok(bytes.clone());
    [const N: usize] [u8; N]: bytes => Ok(bytes.to_vec());
    [const N: usize] &[u8; N]: bytes => Ok(bytes.to_vec());
    [] bool: flag => Ok(if flag { "true" } else { "false" }.into());
    [] f32: number => if number.is_finite() { Ok(float_text(number)) } else { Err(not_finite()) };
    [] f64: number => if number.is_finite() { Ok(float_text(number)) } else { Err(not_finite()) };
}

macro_rules! integers {
    ($($type:ty)*) => { $(
        values! { [] $type: number => Ok(number.to_string().into_bytes()); }
        impl FromValue for $type {
            fn from_value(bytes: Bytes) -> Result<$type> {
                parse(&bytes, concat!("an integer of the range of ", stringify!($type)))
            }
            fn from_integer(number: i64) -> Result<$type> {
                number.try_into().map_err(|_| unreadable(concat!("an integer of the range of ", stringify!($type))))
            }
        }
    )* };
}
integers!(i8 i16 i32 i64 isize u16 u32 u64 usize);

/// Prints the number like ECMAScript.
fn float_text(number: impl ryu_js::Float) -> Bytes {
    ryu_js::Buffer::new().format_finite(number).into()
}

fn not_finite() -> Error {
    Error::invalid_argument("(value) expects a finite number")
}

fn unreadable(expected: &str) -> Error {
    Error::invalid_value(format!("(value) is not {expected}"))
}

fn parse<T: std::str::FromStr>(bytes: &[u8], expected: &str) -> Result<T> {
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| text.parse().ok()).ok_or_else(|| unreadable(expected))
}

impl FromValue for Vec<u8> {
    fn from_value(bytes: Bytes) -> Result<Vec<u8>> {
        Ok(bytes)
    }
}

impl FromValue for String {
    fn from_value(bytes: Bytes) -> Result<String> {
        String::from_utf8(bytes).map_err(|_| unreadable("text in UTF-8: read it as bytes"))
    }
}

impl FromValue for f64 {
    fn from_value(bytes: Bytes) -> Result<f64> {
        let number: f64 = parse(&bytes, "a number")?;
        if number.is_finite() { Ok(number) } else { Err(unreadable("a finite number")) }
    }
}

impl FromValue for bool {
    fn from_value(bytes: Bytes) -> Result<bool> {
        parse(&bytes, "`true` or `false`")
    }

    fn from_integer(number: i64) -> Result<bool> {
        Ok(number != 0)
    }
}

impl FromValue for ValueType {
    fn from_value(bytes: Bytes) -> Result<ValueType> {
        let name = std::str::from_utf8(&bytes).ok();
        name.and_then(ValueType::from_name)
            .ok_or_else(|| Error::new(Kind::Internal, "(type) is none that this library knows"))
    }
}

impl IntoExpected for Missing {
    fn into_expected(self) -> Result<Option<Bytes>> {
        Ok(None)
    }
}

impl<V: IntoValue> IntoExpected for Option<V> {
    fn into_expected(self) -> Result<Option<Bytes>> {
        self.map(V::into_value).transpose()
    }
}

impl<V: IntoValue> IntoValues for Vec<V> {
    fn into_values(self) -> Result<Vec<Bytes>> {
        self.into_iter().map(V::into_value).collect()
    }
}

impl<V: IntoValue, const N: usize> IntoValues for [V; N] {
    fn into_values(self) -> Result<Vec<Bytes>> {
        self.into_iter().map(V::into_value).collect()
    }
}

impl<V: IntoValue + Clone> IntoValues for &[V] {
    fn into_values(self) -> Result<Vec<Bytes>> {
        self.iter().cloned().map(V::into_value).collect()
    }
}

macro_rules! one_key {
    ($($type:ty)*) => { $(
        impl IntoKeys for $type {
            fn into_keys(self) -> Vec<Key> {
                vec![self.into()]
            }
        }
    )* };
}
one_key!(&str String &String);

impl IntoKeys for Key {
    fn into_keys(self) -> Vec<Key> {
        vec![self]
    }
}

impl<K: Into<Key>> IntoKeys for Vec<K> {
    fn into_keys(self) -> Vec<Key> {
        self.into_iter().map(K::into).collect()
    }
}

impl<K: Into<Key>, const N: usize> IntoKeys for [K; N] {
    fn into_keys(self) -> Vec<Key> {
        self.into_iter().map(K::into).collect()
    }
}

impl<K: Into<Key> + Clone> IntoKeys for &[K] {
    fn into_keys(self) -> Vec<Key> {
        self.iter().cloned().map(K::into).collect()
    }
}

impl From<Duration> for Expiry {
    /// After this time, in milliseconds, at least one; zero means never.
    fn from(ttl: Duration) -> Expiry {
        match u64::try_from(ttl.as_millis()) {
            Ok(0) if ttl.is_zero() => Expiry::Never,
            Ok(milliseconds) => Expiry::After(milliseconds.max(1)),
            Err(_) => Expiry::After(u64::MAX),
        }
    }
}

impl From<SystemTime> for Expiry {
    /// At this time, to the millisecond. A time before 1970 counts as 1970.
    fn from(moment: SystemTime) -> Expiry {
        let elapsed = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
        Expiry::At(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: impl IntoValue) -> String {
        String::from_utf8(value.into_value().unwrap()).unwrap()
    }

    #[test]
    fn scalars_are_stored_as_their_text() {
        assert_eq!(text("Alice"), "Alice");
        assert_eq!(text(42), "42");
        assert_eq!(text(i64::MIN), "-9223372036854775808");
        assert_eq!(text(u64::MAX), "18446744073709551615");
        assert_eq!(text(2.5), "2.5");
        assert_eq!(text(1e21), "1e+21");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(0.1f32), "0.1");
        assert_eq!(text(true), "true");
        assert_eq!(text(Json(vec![Some(1), None])), "[1,null]");
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(number.into_value().unwrap_err().kind(), Kind::InvalidArgument);
        }
    }

    #[test]
    fn values_of_another_type_are_invalid() {
        fn kind<T: FromValue>(bytes: &[u8]) -> Option<Kind> {
            T::from_value(bytes.to_vec()).err().map(|error| error.kind())
        }
        assert_eq!(kind::<String>(b"\xff"), Some(Kind::InvalidValue));
        assert_eq!(kind::<Vec<u8>>(b"\xff"), None);
        assert_eq!(kind::<i64>(b"12"), None);
        assert_eq!(kind::<u64>(b"-1"), Some(Kind::InvalidValue));
        assert_eq!(kind::<f64>(b"inf"), Some(Kind::InvalidValue));
        assert_eq!(kind::<bool>(b"1"), Some(Kind::InvalidValue));
        assert_eq!(kind::<Json<u8>>(b"256"), Some(Kind::InvalidValue));
    }

    #[test]
    fn one_or_several_values() {
        assert_eq!("a".into_values().unwrap(), [b"a"]);
        assert_eq!([1, 2].into_values().unwrap(), [b"1", b"2"]);
        assert_eq!(b"ab".into_values().unwrap(), [b"ab"]);
        assert_eq!(vec![b'a', b'b'].into_values().unwrap(), [b"ab"]);
        assert_eq!(["a", "b"].into_keys(), vec![Key::from("a"), Key::from("b")]);
        assert_eq!(Missing.into_expected().unwrap(), None);
        assert_eq!(Some("x").into_expected().unwrap(), Some(b"x".to_vec()));
    }
}
