// Every command as a call of the WIT function for it, and the call's result as the command's reply: here those whose
// function has options or another shape, in `plain.rs` all others.

use crate::bindings::exports::omnikv::kv::{batch, hashes, keyspace, lists, sets, strings, types};
use crate::convert::{self, entries, expiry, keys, pairs, value};
use crate::plain::IntoReply;
use crate::{Handle, Instance, untrapped};
use omnikv::command::{self, Bytes, Command, ExpireCondition, Key, Reply, SetCondition};
use omnikv::{Kind, Result};

impl Instance {
    /// Runs one command through its WIT function.
    #[rustfmt::skip]
    pub fn execute(&mut self, handle: Handle, command: &Command) -> Result<Reply> {
        if command.row().is_on_records() {
            return self.execute_on_records(handle, command);
        }
        if command.row().family == "geo" {
            return self.execute_on_geo(handle, command);
        }
        if command.row().family == "zsets" {
            return self.execute_on_zsets(handle, command);
        }
        if command.row().family == "bitmaps" {
            return self.execute_on_bitmaps(handle, command);
        }
        let Instance { guest, store, all, reads } = self;
        macro_rules! call {
            ($family:ident.$function:ident($($argument:expr),*)) => {
                untrapped(guest.$family().$function(&mut *store, handle.0, $($argument),*))?.into_reply()
            };
        }
        macro_rules! keyspace { ($($call:tt)*) => { call!(omnikv_kv_keyspace.$($call)*) }; }
        macro_rules! strings { ($($call:tt)*) => { call!(omnikv_kv_strings.$($call)*) }; }
        macro_rules! page {
            ($family:ident.$function:ident($($argument:expr),*), $items:expr) => {{
                let page = untrapped(guest.$family().$function(&mut *store, handle.0, $($argument),*))?;
                Reply::Page(page.cursor.clone(), $items(page))
            }};
        }

        Ok(match command {
            Command::Exists { keys } => {
                let mut existing = 0;
                for key in keys {
                    let answer = guest.omnikv_kv_keyspace().call_exists(&mut *store, handle.0, key.as_str());
                    existing += i64::from(untrapped(answer)?);
                }
                Reply::Int(existing)
            }
            Command::Scan { cursor, pattern, count, kind } => {
                let type_ = kind.map(convert::value_type);
                let options = keyspace::ScanOptions { match_: pattern.clone(), count: *count, type_ };
                page!(omnikv_kv_keyspace.call_scan(cursor, &options), |page: keyspace::KeyPage| {
                    page.keys.into_iter().map(String::into_bytes).collect()
                })
            }
            Command::Type { key } => match keyspace!(call_key_type(key.as_str())) {
                Reply::Nil => Reply::Bytes(b"none".to_vec()),
                kind => kind,
            },
            Command::Copy { key, to, replace } => keyspace!(call_copy(key.as_str(), to.as_str(), *replace)),
            Command::RandomKey { prefix: _ } => keyspace!(call_randomkey()),
            Command::Expire { key, seconds, condition } =>
                keyspace!(call_expire(key.as_str(), *seconds, condition.map(expire_condition))),
            Command::PExpire { key, milliseconds, condition } =>
                keyspace!(call_pexpire(key.as_str(), *milliseconds, condition.map(expire_condition))),
            Command::ExpireAt { key, seconds, condition } =>
                keyspace!(call_expireat(key.as_str(), *seconds, condition.map(expire_condition))),
            Command::PExpireAt { key, milliseconds, condition } =>
                keyspace!(call_pexpireat(key.as_str(), *milliseconds, condition.map(expire_condition))),
            Command::Range { start, end, after, limit, reverse, keys_only } => {
                let options = keyspace::RangeOptions {
                    after: after.clone(),
                    limit: *limit,
                    reverse: *reverse,
                    keys_only: *keys_only,
                };
                keyspace!(call_range(start, end.as_deref(), &options))
            }
            Command::Count { start, end } => keyspace!(call_count(start, end.as_deref())),
            Command::DeleteRange { start, end } => keyspace!(call_delete_range(start, end.as_deref())),
            Command::Flush { prefix: _ } => call!(omnikv_kv_connection.call_flush(*all)),

            Command::Get { key } => {
                // Alternate between bytes and text; read again as bytes if it is not text.
                *reads += 1;
                if *reads % 2 == 1 {
                    match untrapped(guest.omnikv_kv_strings().call_get(&mut *store, handle.0, key.as_str())) {
                        Err(error) if error.kind() == Kind::InvalidValue => {}
                        text => return Ok(text?.into_reply()),
                    }
                }
                strings!(call_get_bytes(key.as_str()))
            }
            Command::Set { key, value: new, expiry: when, condition, get } => {
                let condition = condition.map(|condition| match condition {
                    SetCondition::Missing => strings::SetCondition::Missing,
                    SetCondition::Present => strings::SetCondition::Present,
                    other => panic!("{other:?} has no case in WIT"),
                });
                let options = strings::SetOptions { expiry: expiry(*when), condition };
                match get {
                    true => strings!(call_set_and_get(key.as_str(), &value(new), options)),
                    false => match strings!(call_set(key.as_str(), &value(new), options)) {
                        Reply::Int(1) => Reply::Ok,
                        _ => Reply::Nil,
                    },
                }
            }
            Command::GetSet { key, value: new, expiry: when } =>
                strings!(call_getset(key.as_str(), &value(new), expiry(*when))),
            Command::GetEx { key, expiry: when } => strings!(call_getex(key.as_str(), expiry(*when))),
            Command::MSet { pairs: new, expiry: when } => strings!(call_mset(&pairs(new), expiry(*when))),
            Command::MSetNx { pairs: new, expiry: when } => strings!(call_msetnx(&pairs(new), expiry(*when))),
            Command::CompareAndSet { key, expected, value: new, expiry: when } => {
                let expected = expected.as_deref().map(value);
                let when = expiry(*when);
                strings!(call_compare_and_set(key.as_str(), expected.as_ref(), &value(new), when))
            }

            Command::LPos { key, value: wanted, rank, count, maxlen } => {
                let options = lists::LposOptions { rank: *rank, max_len: *maxlen };
                match count {
                    None => call!(omnikv_kv_lists.call_lpos(key.as_str(), &value(wanted), options)),
                    Some(count) =>
                        call!(omnikv_kv_lists.call_lpos_all(key.as_str(), &value(wanted), *count, options)),
                }
            }
            Command::LMPop { keys: names, side, count } => {
                let side = match side {
                    command::Side::Left => types::Side::Left,
                    command::Side::Right => types::Side::Right,
                };
                call!(omnikv_kv_lists.call_lmpop(&keys(names), side, count.unwrap_or(1)))
            }
            Command::HSet { key, pairs: new } if new.len() != 1 =>
                call!(omnikv_kv_hashes.call_hset_many(key.as_str(), &entries(new))),
            Command::HRandField { key, count: Some(count), with_values: true } =>
                call!(omnikv_kv_hashes.call_hrandfield_with_values(key.as_str(), *count)),
            Command::HScan { key, cursor, pattern, count } => {
                let options = matching(pattern, count);
                page!(omnikv_kv_hashes.call_hscan(key.as_str(), cursor, &options), |page: hashes::FieldPage| {
                    page.entries.into_iter().flat_map(|(field, value)| [field, value]).collect()
                })
            }
            Command::SInterCard { keys: names, limit } =>
                call!(omnikv_kv_sets.call_sintercard(&keys(names), *limit)),
            Command::SScan { key, cursor, pattern, count } => {
                let options = matching(pattern, count);
                page!(omnikv_kv_sets.call_sscan(key.as_str(), cursor, &options), |page: sets::MemberPage| {
                    page.members
                })
            }

            Command::LPop { count: Some(_), .. }
            | Command::RPop { count: Some(_), .. }
            | Command::HRandField { count: Some(_), .. }
            | Command::SPop { count: Some(_), .. }
            | Command::SRandMember { count: Some(_), .. } => {
                return self.call_plain(handle, &[command.name(), "-count"].concat(), arguments(command));
            }
            _ => return self.call_plain(handle, command.name(), arguments(command)),
        })
    }

    /// Sends words that may not be a valid command.
    pub fn say(&mut self, handle: Handle, words: &[&str]) -> Result<Reply> {
        let arguments = words[1..].iter().map(|word| value(word.as_bytes())).collect();
        let command = batch::Command { name: words[0].to_owned(), arguments };
        let answer = self.guest.omnikv_kv_batch().call_pipeline(&mut self.store, handle.0, &[command]);
        replies(untrapped(answer)?).remove(0)
    }

    /// Runs commands in one round trip.
    pub fn pipeline(&mut self, handle: Handle, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let commands: Vec<_> = commands.iter().map(words).collect();
        let answer = self.guest.omnikv_kv_batch().call_pipeline(&mut self.store, handle.0, &commands);
        Ok(replies(untrapped(answer)?))
    }

    /// Runs commands as a transaction, if all checks hold.
    pub fn transaction(
        &mut self,
        handle: Handle,
        checks: &[(Key, Option<Bytes>)],
        commands: &[Command],
    ) -> Result<Vec<Result<Reply>>> {
        let checks: Vec<_> = checks
            .iter()
            .map(|(key, held)| batch::Check { key: key.0.clone(), expected: held.as_deref().map(value) })
            .collect();
        let commands: Vec<_> = commands.iter().map(words).collect();
        let answer =
            self.guest.omnikv_kv_batch().call_transaction(&mut self.store, handle.0, &checks, &commands);
        Ok(replies(untrapped(answer)?))
    }
}

/// The words of a command after its name.
pub fn arguments(command: &Command) -> Vec<Bytes> {
    command.to_argv().split_off(1)
}

fn words(command: &Command) -> batch::Command {
    let mut argv = command.to_argv().into_iter();
    let name = argv.next().map(|name| String::from_utf8(name).expect("a word")).expect("a name");
    batch::Command { name, arguments: argv.map(|argument| value(&argument)).collect() }
}

fn replies(replies: Vec<Result<batch::Reply, types::Error>>) -> Vec<Result<Reply>> {
    replies.into_iter().map(|reply| reply.map(convert::reply).map_err(convert::error)).collect()
}

pub fn matching(pattern: &Option<Bytes>, count: &Option<u64>) -> types::MatchOptions {
    types::MatchOptions { match_: pattern.as_deref().map(value), count: *count }
}

fn expire_condition(condition: ExpireCondition) -> keyspace::ExpireCondition {
    match condition {
        ExpireCondition::None => keyspace::ExpireCondition::WithoutDeadline,
        ExpireCondition::Some => keyspace::ExpireCondition::WithDeadline,
        ExpireCondition::Later => keyspace::ExpireCondition::Later,
        ExpireCondition::Earlier => keyspace::ExpireCondition::Earlier,
        ExpireCondition::EarlierThanSome => keyspace::ExpireCondition::EarlierWithDeadline,
        other => panic!("{other:?} has no case in WIT"),
    }
}
