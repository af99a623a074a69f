// Reads a store page by page: the number of the last change, plain keys, records, tasks, consumers.

use super::{Content, Entry, Item, Position};
use crate::command::{Bytes, Command, Key, Reply};
use crate::error::{Error, Kind, Result};
use crate::operations::{Documents, Keyspace, ListOptions, RangeOptions, ScanOptions, TaskOptions};
use crate::reply::{FromReply, scored, unexpected};
use crate::store::Store;
use serde_json::value::RawValue;

/// Everything in a store, page by page, in memory that one page needs.
///
/// A store that changes meanwhile is read as it is when each page is read.
pub struct Export {
    store: Store,
    page: u64,
    at: At,
    /// Whether the keys of a page can be read as one transaction.
    is_together: bool,
}

/// Where to go on.
enum At {
    Latest,
    /// After this key, in order.
    KeysAfter(Option<String>),
    /// From this cursor of a scan on, for stores without order.
    Scan(String),
    RecordsAfter(Option<String>),
    /// From this offset on.
    Tasks(u64),
    Consumers,
    End,
}

impl Export {
    /// Everything under the store's prefix.
    pub fn of(store: &Store, page: u64) -> Export {
        let mut export =
            Export { store: store.clone(), page: page.max(1), at: At::Latest, is_together: true };
        if !store.capabilities().records {
            export.at = export.keys();
        }
        export
    }

    /// Where plain keys begin.
    fn keys(&self) -> At {
        match self.store.capabilities().ordered {
            true => At::KeysAfter(None),
            false => At::Scan("0".to_owned()),
        }
    }

    /// How many items there are now.
    pub async fn total(&self) -> Result<u64> {
        let mut total = self.store.count("").await?;
        if self.store.capabilities().records {
            total += self.store.records().count().await?;
        }
        Ok(total)
    }

    /// The next page, which may be empty; nothing after the last.
    ///
    /// # Errors
    ///
    /// `unsupported` for a key of a type that cannot be moved.
    pub async fn next(&mut self) -> Result<Option<Vec<Item>>> {
        let (items, next) = match std::mem::replace(&mut self.at, At::End) {
            At::Latest => {
                let latest = self.store.changes().latest().await?;
                ((latest > 0).then_some(Item::Latest(latest)).into_iter().collect(), self.keys())
            }
            At::KeysAfter(after) => {
                let options = RangeOptions::new().limit(self.page);
                let options = after.into_iter().fold(options, RangeOptions::after);
                let keys = self.store.range_keys("", None, options).await?;
                let last = keys.last().cloned().filter(|_| keys.len() as u64 == self.page);
                let items = self.entries(keys).await?;
                (items, last.map_or_else(|| self.after_keys(), |last| At::KeysAfter(Some(last))))
            }
            At::Scan(cursor) => {
                let page = self.store.scan(&cursor, ScanOptions::new().count(self.page)).await?;
                let next = if page.is_last() { self.after_keys() } else { At::Scan(page.cursor) };
                (self.entries(page.items).await?, next)
            }
            At::RecordsAfter(after) => {
                let mut options = ListOptions::new().limit(self.page);
                options.after = after;
                let records = self.store.records().list::<Box<RawValue>>(options).await?;
                let is_last = (records.len() as u64) < self.page;
                let next = match records.last() {
                    Some(last) if !is_last => At::RecordsAfter(Some(last.key.clone())),
                    _ => At::Tasks(0),
                };
                (records.into_iter().map(Item::Record).collect(), next)
            }
            At::Tasks(offset) => {
                let options = TaskOptions::new().offset(offset).limit(self.page);
                let tasks = self.store.tasks().list::<Box<RawValue>>(options).await?;
                let count = tasks.len() as u64;
                let next = if count == self.page { At::Tasks(offset + count) } else { At::Consumers };
                (tasks.into_iter().map(|task| Item::Task(Box::new(task))).collect(), next)
            }
            At::Consumers => {
                // A consumer that is at this number has seen whatever of the records was read.
                let latest = self.store.changes().latest().await?;
                let consumers = self.store.consumers().list().await?.into_iter();
                let item = |(name, position)| Item::Consumer(Position { name, position, latest });
                (consumers.map(item).collect(), At::End)
            }
            At::End => return Ok(None),
        };
        self.at = next;
        Ok(Some(items))
    }

    fn after_keys(&self) -> At {
        if self.store.capabilities().records { At::RecordsAfter(None) } else { At::End }
    }

    async fn entries(&mut self, keys: Vec<String>) -> Result<Vec<Item>> {
        let found = read(&self.store, keys, &mut self.is_together).await?;
        Ok(found.into_iter().map(Item::Entry).collect())
    }
}

/// Reads keys with all they hold, in no order. Keys that are missing are left out.
///
/// # Errors
///
/// `unsupported` for a key of a type that cannot be moved.
pub async fn entries(store: &Store, keys: Vec<String>) -> Result<Vec<Entry>> {
    read(store, keys, &mut true).await
}

/// Reads keys, as one transaction while that works.
pub(super) async fn read(store: &Store, mut keys: Vec<String>, is_together: &mut bool) -> Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(keys.len());
    while !keys.is_empty() {
        let types = keys.iter().map(|key| Command::Type { key: key_of(key) }).collect();
        let mut chosen = Vec::with_capacity(keys.len());
        for (key, reply) in std::mem::take(&mut keys).into_iter().zip(store.execute_all(types).await?) {
            let name = String::from_reply(reply?)?;
            if name != "none" {
                chosen.push((key, name));
            }
        }
        let mut commands = Vec::with_capacity(chosen.len() * 3);
        for (key, name) in &chosen {
            commands.push(Command::Type { key: key_of(key) });
            commands.push(Command::PExpireTime { key: key_of(key) });
            commands.push(reading(name, key_of(key))?);
        }
        let mut replies = run(store, commands, is_together).await?.into_iter();
        for (key, name) in chosen {
            let mut reply = || replies.next().unwrap_or_else(|| Ok(Reply::Nil));
            let (found, deadline, value) = (reply()?, reply()?, reply());
            let found = String::from_reply(found)?;
            if found != name {
                // It has changed its type meanwhile: once more.
                keys.push(key);
                continue;
            }
            let expire_at = u64::try_from(i64::from_reply(deadline)?).ok();
            if let Some(content) = content(&name, value?)? {
                entries.push(Entry { key, expire_at, content });
            }
        }
    }
    Ok(entries)
}

/// Runs reading commands as one transaction, where the store can.
async fn run(store: &Store, commands: Vec<Command>, is_together: &mut bool) -> Result<Vec<Result<Reply>>> {
    if commands.is_empty() {
        return Ok(Vec::new());
    }
    if *is_together {
        match store.transaction(Vec::new(), commands.clone()).await {
            Ok(replies) => return Ok(replies),
            // For example keys in several slots of a cluster.
            Err(error) if !error.is_retryable() => *is_together = false,
            Err(error) => return Err(error),
        }
    }
    store.execute_all(commands).await
}

fn key_of(key: &str) -> Key {
    key.into()
}

/// The command that reads a value of this type.
fn reading(name: &str, key: Key) -> Result<Command> {
    Ok(match name {
        "string" => Command::Get { key },
        "list" => Command::LRange { key, start: 0, stop: -1 },
        "hash" => Command::HGetAll { key },
        "set" => Command::SMembers { key },
        "zset" => Command::ZRange {
            key,
            start: b"0".to_vec(),
            stop: b"-1".to_vec(),
            by: None,
            reverse: false,
            limit: None,
            with_scores: true,
        },
        other => {
            let message = ["cannot move keys of type ", other, ": give a prefix without them"].concat();
            return Err(Error::new(Kind::Unsupported, message));
        }
    })
}

/// The value in the answer; nothing if the key has gone.
fn content(name: &str, reply: Reply) -> Result<Option<Content>> {
    let content = match (name, reply) {
        (_, Reply::Nil) => return Ok(None),
        ("string", Reply::Bytes(value)) => Content::String(value),
        ("zset", reply) => match scored::<Bytes>(reply)? {
            members if members.is_empty() => return Ok(None),
            members => Content::SortedSet(members),
        },
        (_, Reply::List(items)) => {
            let items: Vec<Bytes> = items.into_iter().flatten().collect();
            if items.is_empty() {
                return Ok(None);
            }
            match name {
                "list" => Content::List(items),
                "set" => Content::Set(items),
                _ => Content::Hash(pairs(items)),
            }
        }
        (_, other) => return Err(unexpected(&other, "a value")),
    };
    Ok(Some(content))
}

fn pairs(items: Vec<Bytes>) -> Vec<(Bytes, Bytes)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(field), Some(value)) = (items.next(), items.next()) {
        pairs.push((field, value));
    }
    pairs
}
