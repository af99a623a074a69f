// Common combinations of operations as one call: create a missing value, change an existing one. They only use
// operations.

use super::{MemoryStore, Store, named};
use crate::command::{Bytes, Command, Expiry, Key, Reply, SetCondition};
use crate::error::{Error, Kind, Result};
use crate::operations::{SetOptions, Strings};
use crate::value::{FromValue, IntoValue};
use std::future::Future;

impl MemoryStore {
    /// Returns the key's value. If the key does not exist, calls `make` and stores its value with this deadline: a
    /// `Duration`, a `SystemTime`, or [`Expiry::Unstated`] for the default TTL. If another caller stores a value first,
    /// that value is kept and returned: of callers that miss the key at the same time, each makes a value and all get
    /// the first one stored. If `make` fails, nothing is stored.
    ///
    /// ```
    /// # use omnikv::{Error, MemoryStore, prelude::*};
    /// # use std::time::Duration;
    /// let kv = MemoryStore::new();
    /// let five_minutes = Duration::from_secs(300);
    /// let name: String = kv.get_or_set("user:1", five_minutes, || Ok::<_, Error>("Alice".to_owned()))?;
    /// let again: String = kv.get_or_set("user:1", five_minutes, || Ok::<_, Error>("Bob".to_owned()))?;
    /// assert_eq!((name.as_str(), again.as_str()), ("Alice", "Alice"));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `make`; `invalid-value` if the key's value is not a `T`.
    pub fn get_or_set<T, E>(
        &self,
        key: impl Into<Key>,
        expiry: impl Into<Expiry>,
        make: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E>
    where
        T: FromValue + IntoValue,
        E: From<Error>,
    {
        let named = |error| E::from(named(error, GET_OR_SET, &self.memory));
        let key = key.into();
        if let Some(held) = self.get_bytes(key.clone()).map_err(named)? {
            return T::from_value(held).map_err(named);
        }
        let made = make()?.into_value().map_err(named)?;
        let held = self.set_and_get(key, made.clone(), if_missing(expiry)).map_err(named)?;
        T::from_value(held.unwrap_or(made)).map_err(named)
    }

    /// Changes the key's value: reads it, passes it to `change`, and writes the result if the key has not changed
    /// meanwhile; otherwise it starts over. Returns the written value. The deadline is kept; a new key gets the default
    /// TTL.
    ///
    /// ```
    /// # use omnikv::{Json, MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// let visits = kv.update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1)?;
    /// assert_eq!(visits, 1);
    /// kv.update("tags", |tags: Option<Json<Vec<String>>>| {
    ///     let mut tags = tags.unwrap_or_default();
    ///     tags.0.push("new".into());
    ///     tags
    /// })?;
    /// assert_eq!(kv.get("tags")?.as_deref(), Some(r#"["new"]"#));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `conflict` if others changed the key during each of 64 attempts; `invalid-value` if its value is not a `T`.
    pub fn update<T>(&self, key: impl Into<Key>, mut change: impl FnMut(Option<T>) -> T) -> Result<T>
    where
        T: FromValue + IntoValue,
    {
        let attempt = || {
            let key = key.into();
            for _ in 0..UPDATE_TRIES {
                let held = self.get_bytes(key.clone())?;
                let (write, written) = changed(&key, held, &mut change)?;
                if is_done(&self.execute(write)?) {
                    return T::from_value(written);
                }
            }
            Err(Error::new(Kind::Conflict, "(key) was changed by others again and again"))
        };
        attempt().map_err(|error| named(error, "update", &self.memory))
    }
}

impl Store {
    /// Returns the key's value. If the key does not exist, calls `make` and stores its value with this deadline: a
    /// `Duration`, a `SystemTime`, or [`Expiry::Unstated`] for the default TTL. If another caller stores a value first,
    /// that value is kept and returned: of callers that miss the key at the same time, each makes a value and all get
    /// the first one stored. If `make` fails, nothing is stored.
    ///
    /// ```
    /// # use omnikv::{Error, Options, Store, prelude::*};
    /// # use std::time::Duration;
    /// # pollster::block_on(async {
    /// let kv = Store::connect("memory:", Options::default()).await?;
    /// let user = async || Ok::<_, Error>("Alice".to_owned());
    /// assert_eq!(kv.get_or_set("user:1", Duration::from_secs(300), user).await?, "Alice");
    /// # Ok::<(), Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `make`; `invalid-value` if the key's value is not a `T`.
    pub async fn get_or_set<T, E, F>(
        &self,
        key: impl Into<Key>,
        expiry: impl Into<Expiry>,
        make: impl FnOnce() -> F,
    ) -> std::result::Result<T, E>
    where
        T: FromValue + IntoValue,
        E: From<Error>,
        F: Future<Output = std::result::Result<T, E>>,
    {
        let named = |error| E::from(named(error, GET_OR_SET, &*self.inner.backend));
        let key = key.into();
        let options = if_missing(expiry);
        if let Some(held) = self.get_bytes(key.clone()).await.map_err(named)? {
            return T::from_value(held).map_err(named);
        }
        let made = make().await?.into_value().map_err(named)?;
        let held = self.set_and_get(key, made.clone(), options).await.map_err(named)?;
        T::from_value(held.unwrap_or(made)).map_err(named)
    }

    /// Changes the key's value: reads it, passes it to `change`, and writes the result if the key has not changed
    /// meanwhile; otherwise it starts over. Returns the written value. The deadline is kept; a new key gets the default
    /// TTL.
    ///
    /// # Errors
    ///
    /// `conflict` if others changed the key during each of 64 attempts; `invalid-value` if its value is not a `T`.
    pub async fn update<T>(&self, key: impl Into<Key>, mut change: impl FnMut(Option<T>) -> T) -> Result<T>
    where
        T: FromValue + IntoValue,
    {
        let named = |error| named(error, "update", &*self.inner.backend);
        let key = key.into();
        for _ in 0..UPDATE_TRIES {
            let held = self.get_bytes(key.clone()).await.map_err(named)?;
            let (write, written) = changed(&key, held, &mut change).map_err(named)?;
            if is_done(&self.execute(write).await.map_err(named)?) {
                return T::from_value(written).map_err(named);
            }
        }
        Err(named(Error::new(Kind::Conflict, "(key) was changed by others again and again")))
    }
}

const GET_OR_SET: &str = "get-or-set";

fn if_missing(expiry: impl Into<Expiry>) -> SetOptions {
    SetOptions::new().nx().expiry(expiry)
}

/// How many times an update is attempted when others change the key meanwhile.
const UPDATE_TRIES: usize = 64;

/// One attempt of an update: the command that writes the result of `change` if the value is unchanged, and the bytes it
/// writes.
fn changed<T: FromValue + IntoValue>(
    key: &Key,
    held: Option<Bytes>,
    change: &mut impl FnMut(Option<T>) -> T,
) -> Result<(Command, Bytes)> {
    let key = key.clone();
    let old = held.clone().map(T::from_value).transpose()?;
    let value = change(old).into_value()?;
    let written = value.clone();
    let write = match held {
        Some(held) => Command::CompareAndSet { key, expected: Some(held), value, expiry: Expiry::Keep },
        // Like `set`: with the default TTL.
        None => {
            let condition = Some(SetCondition::Missing);
            Command::Set { key, value, expiry: Expiry::Unstated, condition, get: false }
        }
    };
    Ok((write, written))
}

/// Whether a conditional write took effect.
fn is_done(reply: &Reply) -> bool {
    matches!(reply, Reply::Ok | Reply::Int(1))
}
