// Every command as a call of the WIT function for it, and the call's result as the command's reply.

use crate::bindings::exports::omnikv::kv::{batch, keyspace, lists, strings, types};
use crate::convert::{self, entries, expiry, keys, pairs, value, values};
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
        let Instance { guest, store, all, reads } = self;
        macro_rules! call {
            ($family:ident.$function:ident($($argument:expr),*)) => {
                untrapped(guest.$family().$function(&mut *store, handle.0, $($argument),*))?
            };
        }
        macro_rules! keyspace { ($($call:tt)*) => { call!(omnikv_kv_keyspace.$($call)*) }; }
        macro_rules! strings { ($($call:tt)*) => { call!(omnikv_kv_strings.$($call)*) }; }
        macro_rules! lists { ($($call:tt)*) => { call!(omnikv_kv_lists.$($call)*) }; }
        macro_rules! hashes { ($($call:tt)*) => { call!(omnikv_kv_hashes.$($call)*) }; }
        macro_rules! sets { ($($call:tt)*) => { call!(omnikv_kv_sets.$($call)*) }; }

        Ok(match command {
            Command::Del { keys: names } => count(keyspace!(call_del(&keys(names)))),
            Command::Exists { keys: names } => {
                let mut existing = 0;
                for key in names {
                    existing += i64::from(keyspace!(call_exists(key.as_str())));
                }
                Reply::Int(existing)
            }
            Command::Keys { pattern } => list(keyspace!(call_keys(pattern))),
            Command::Scan { cursor, pattern, count, kind } => {
                let type_ = kind.map(convert::value_type);
                let options = keyspace::ScanOptions { match_: pattern.clone(), count: *count, type_ };
                let page = keyspace!(call_scan(cursor, &options));
                Reply::Page(page.cursor, page.keys.into_iter().map(String::into_bytes).collect())
            }
            Command::Type { key } => {
                let kind = keyspace!(call_key_type(key.as_str()));
                text(Some(kind.map_or("none", convert::type_name)))
            }
            Command::Rename { key, to } => done(keyspace!(call_rename(key.as_str(), to.as_str()))),
            Command::RenameNx { key, to } => flag(keyspace!(call_renamenx(key.as_str(), to.as_str()))),
            Command::Copy { key, to, replace } => flag(keyspace!(call_copy(key.as_str(), to.as_str(), *replace))),
            Command::Touch { keys: names } => count(keyspace!(call_touch(&keys(names)))),
            Command::RandomKey { prefix: _ } => text(keyspace!(call_randomkey())),
            Command::Expire { key, seconds, condition } =>
                flag(keyspace!(call_expire(key.as_str(), *seconds, condition.map(expire_condition)))),
            Command::PExpire { key, milliseconds, condition } =>
                flag(keyspace!(call_pexpire(key.as_str(), *milliseconds, condition.map(expire_condition)))),
            Command::ExpireAt { key, seconds, condition } =>
                flag(keyspace!(call_expireat(key.as_str(), *seconds, condition.map(expire_condition)))),
            Command::PExpireAt { key, milliseconds, condition } =>
                flag(keyspace!(call_pexpireat(key.as_str(), *milliseconds, condition.map(expire_condition)))),
            Command::ExpireTime { key } => Reply::Int(keyspace!(call_expiretime(key.as_str()))),
            Command::PExpireTime { key } => Reply::Int(keyspace!(call_pexpiretime(key.as_str()))),
            Command::Ttl { key } => Reply::Int(keyspace!(call_ttl(key.as_str()))),
            Command::PTtl { key } => Reply::Int(keyspace!(call_pttl(key.as_str()))),
            Command::Persist { key } => flag(keyspace!(call_persist(key.as_str()))),
            Command::Range { start, end, after, limit, reverse, keys_only } => {
                let options = keyspace::RangeOptions {
                    after: after.clone(),
                    limit: *limit,
                    reverse: *reverse,
                    keys_only: *keys_only,
                };
                let found = keyspace!(call_range(start, end.as_deref(), &options));
                Reply::List(found.into_iter().flat_map(|(key, value)| [Some(key.into_bytes()), value]).collect())
            }
            Command::Count { start, end } => count(keyspace!(call_count(start, end.as_deref()))),
            Command::DeleteRange { start, end } => count(keyspace!(call_delete_range(start, end.as_deref()))),
            Command::Flush { prefix: _ } => done(call!(omnikv_kv_connection.call_flush(*all))),

            Command::Get { key } => {
                // Alternate between bytes and text; read again as bytes if it is not text.
                *reads += 1;
                let text = match *reads % 2 {
                    0 => None,
                    _ => match untrapped(guest.omnikv_kv_strings().call_get(&mut *store, handle.0, key.as_str())) {
                        Err(error) if error.kind() == Kind::InvalidValue => None,
                        text => Some(text?.map(String::into_bytes)),
                    },
                };
                maybe(match text {
                    Some(text) => text,
                    None => strings!(call_get_bytes(key.as_str())),
                })
            }
            Command::Set { key, value: new, expiry: when, condition, get } => {
                let condition = condition.map(|condition| match condition {
                    SetCondition::Missing => strings::SetCondition::Missing,
                    SetCondition::Present => strings::SetCondition::Present,
                    other => panic!("{other:?} has no case in WIT"),
                });
                let options = strings::SetOptions { expiry: expiry(*when), condition };
                match get {
                    true => maybe(strings!(call_set_and_get(key.as_str(), &value(new), options))),
                    false => match strings!(call_set(key.as_str(), &value(new), options)) {
                        true => Reply::Ok,
                        false => Reply::Nil,
                    },
                }
            }
            Command::Append { key, value: new } => count(strings!(call_append(key.as_str(), &value(new)))),
            Command::StrLen { key } => count(strings!(call_strlen(key.as_str()))),
            Command::GetRange { key, start, end } =>
                Reply::Bytes(strings!(call_getrange(key.as_str(), *start, *end))),
            Command::GetBit { key, offset } => count(strings!(call_getbit(key.as_str(), *offset))),
            Command::SetRange { key, offset, value: new } =>
                count(strings!(call_setrange(key.as_str(), *offset, &value(new)))),
            Command::GetSet { key, value: new, expiry: when } =>
                maybe(strings!(call_getset(key.as_str(), &value(new), expiry(*when)))),
            Command::GetDel { key } => maybe(strings!(call_getdel(key.as_str()))),
            Command::GetEx { key, expiry: when } => maybe(strings!(call_getex(key.as_str(), expiry(*when)))),
            Command::Incr { key } => Reply::Int(strings!(call_incr(key.as_str()))),
            Command::Decr { key } => Reply::Int(strings!(call_decr(key.as_str()))),
            Command::IncrBy { key, by } => Reply::Int(strings!(call_incrby(key.as_str(), *by))),
            Command::DecrBy { key, by } => Reply::Int(strings!(call_decrby(key.as_str(), *by))),
            Command::IncrByFloat { key, by } =>
                Reply::Bytes(strings!(call_incrbyfloat(key.as_str(), &value(by.as_bytes()))).into_bytes()),
            Command::MGet { keys: names } => Reply::List(strings!(call_mget(&keys(names)))),
            Command::MSet { pairs: new, expiry: when } => done(strings!(call_mset(&pairs(new), expiry(*when)))),
            Command::MSetNx { pairs: new, expiry: when } =>
                flag(strings!(call_msetnx(&pairs(new), expiry(*when)))),
            Command::CompareAndSet { key, expected, value: new, expiry: when } => {
                let expected = expected.as_deref().map(value);
                let when = expiry(*when);
                flag(strings!(call_compare_and_set(key.as_str(), expected.as_ref(), &value(new), when)))
            }
            Command::CompareAndDelete { key, expected } =>
                flag(strings!(call_compare_and_delete(key.as_str(), &value(expected)))),

            Command::LPush { key, values: new } => count(lists!(call_lpush(key.as_str(), &values(new)))),
            Command::RPush { key, values: new } => count(lists!(call_rpush(key.as_str(), &values(new)))),
            Command::LPushX { key, values: new } => count(lists!(call_lpushx(key.as_str(), &values(new)))),
            Command::RPushX { key, values: new } => count(lists!(call_rpushx(key.as_str(), &values(new)))),
            Command::LPop { key, count: None } => maybe(lists!(call_lpop(key.as_str()))),
            Command::LPop { key, count: Some(count) } =>
                maybe_list(lists!(call_lpop_count(key.as_str(), *count))),
            Command::RPop { key, count: None } => maybe(lists!(call_rpop(key.as_str()))),
            Command::RPop { key, count: Some(count) } =>
                maybe_list(lists!(call_rpop_count(key.as_str(), *count))),
            Command::LRange { key, start, stop } => list(lists!(call_lrange(key.as_str(), *start, *stop))),
            Command::LLen { key } => count(lists!(call_llen(key.as_str()))),
            Command::LIndex { key, index } => maybe(lists!(call_lindex(key.as_str(), *index))),
            Command::LPos { key, value: wanted, rank, count, maxlen } => {
                let options = lists::LposOptions { rank: *rank, max_len: *maxlen };
                match count {
                    None => match lists!(call_lpos(key.as_str(), &value(wanted), options)) {
                        Some(index) => Reply::Int(signed(index)),
                        None => Reply::Nil,
                    },
                    Some(count) => {
                        let found = lists!(call_lpos_all(key.as_str(), &value(wanted), *count, options));
                        Reply::Ints(found.into_iter().map(signed).collect())
                    }
                }
            }
            Command::LSet { key, index, value: new } =>
                done(lists!(call_lset(key.as_str(), *index, &value(new)))),
            Command::LRem { key, count: most, value: old } =>
                count(lists!(call_lrem(key.as_str(), *most, &value(old)))),
            Command::LTrim { key, start, stop } => done(lists!(call_ltrim(key.as_str(), *start, *stop))),
            Command::LInsert { key, position, pivot, value: new } => {
                let position = match position {
                    command::Position::Before => lists::Position::Before,
                    command::Position::After => lists::Position::After,
                };
                Reply::Int(lists!(call_linsert(key.as_str(), position, &value(pivot), &value(new))))
            }
            Command::LMPop { keys: names, side: from, count } => {
                match lists!(call_lmpop(&keys(names), side(*from), count.unwrap_or(1))) {
                    Some((key, taken)) => {
                        Reply::List(std::iter::once(key.into_bytes()).chain(taken).map(Some).collect())
                    }
                    None => Reply::Nil,
                }
            }
            Command::LMove { key, to, from_side, to_side } =>
                maybe(lists!(call_lmove(key.as_str(), to.as_str(), side(*from_side), side(*to_side)))),

            Command::HSet { key, pairs: new } => match new.as_slice() {
                [(field, new)] => flag(hashes!(call_hset(key.as_str(), &value(field), &value(new)))),
                many => count(hashes!(call_hset_many(key.as_str(), &entries(many)))),
            },
            Command::HGet { key, field } => maybe(hashes!(call_hget(key.as_str(), &value(field)))),
            Command::HMGet { key, fields } => Reply::List(hashes!(call_hmget(key.as_str(), &values(fields)))),
            Command::HGetAll { key } => flat(hashes!(call_hgetall(key.as_str()))),
            Command::HDel { key, fields } => count(hashes!(call_hdel(key.as_str(), &values(fields)))),
            Command::HExists { key, field } => flag(hashes!(call_hexists(key.as_str(), &value(field)))),
            Command::HLen { key } => count(hashes!(call_hlen(key.as_str()))),
            Command::HKeys { key } => list(hashes!(call_hkeys(key.as_str()))),
            Command::HVals { key } => list(hashes!(call_hvals(key.as_str()))),
            Command::HStrLen { key, field } => count(hashes!(call_hstrlen(key.as_str(), &value(field)))),
            Command::HIncrBy { key, field, by } =>
                Reply::Int(hashes!(call_hincrby(key.as_str(), &value(field), *by))),
            Command::HIncrByFloat { key, field, by } => {
                let sum = hashes!(call_hincrbyfloat(key.as_str(), &value(field), &value(by.as_bytes())));
                Reply::Bytes(sum.into_bytes())
            }
            Command::HSetNx { key, field, value: new } =>
                flag(hashes!(call_hsetnx(key.as_str(), &value(field), &value(new)))),
            Command::HRandField { key, count: None, with_values: _ } =>
                maybe(hashes!(call_hrandfield(key.as_str()))),
            Command::HRandField { key, count: Some(count), with_values: false } =>
                list(hashes!(call_hrandfield_count(key.as_str(), *count))),
            Command::HRandField { key, count: Some(count), with_values: true } =>
                flat(hashes!(call_hrandfield_with_values(key.as_str(), *count))),
            Command::HScan { key, cursor, pattern, count } => {
                let page = hashes!(call_hscan(key.as_str(), cursor, &matching(pattern, count)));
                Reply::Page(page.cursor, page.entries.into_iter().flat_map(|(f, v)| [f, v]).collect())
            }

            Command::SAdd { key, members } => count(sets!(call_sadd(key.as_str(), &values(members)))),
            Command::SRem { key, members } => count(sets!(call_srem(key.as_str(), &values(members)))),
            Command::SMembers { key } => list(sets!(call_smembers(key.as_str()))),
            Command::SIsMember { key, member } => flag(sets!(call_sismember(key.as_str(), &value(member)))),
            Command::SMIsMember { key, members } => {
                let there = sets!(call_smismember(key.as_str(), &values(members)));
                Reply::Ints(there.into_iter().map(i64::from).collect())
            }
            Command::SCard { key } => count(sets!(call_scard(key.as_str()))),
            Command::SPop { key, count: None } => maybe(sets!(call_spop(key.as_str()))),
            Command::SPop { key, count: Some(count) } => list(sets!(call_spop_count(key.as_str(), *count))),
            Command::SRandMember { key, count: None } => maybe(sets!(call_srandmember(key.as_str()))),
            Command::SRandMember { key, count: Some(count) } =>
                list(sets!(call_srandmember_count(key.as_str(), *count))),
            Command::SMove { key, to, member } =>
                flag(sets!(call_smove(key.as_str(), to.as_str(), &value(member)))),
            Command::SInter { keys: names } => list(sets!(call_sinter(&keys(names)))),
            Command::SUnion { keys: names } => list(sets!(call_sunion(&keys(names)))),
            Command::SDiff { keys: names } => list(sets!(call_sdiff(&keys(names)))),
            Command::SInterStore { to, keys: names } => count(sets!(call_sinterstore(to.as_str(), &keys(names)))),
            Command::SUnionStore { to, keys: names } => count(sets!(call_sunionstore(to.as_str(), &keys(names)))),
            Command::SDiffStore { to, keys: names } => count(sets!(call_sdiffstore(to.as_str(), &keys(names)))),
            Command::SInterCard { keys: names, limit } => count(sets!(call_sintercard(&keys(names), *limit))),
            Command::SScan { key, cursor, pattern, count } => {
                let page = sets!(call_sscan(key.as_str(), cursor, &matching(pattern, count)));
                Reply::Page(page.cursor, page.members)
            }
            other => panic!("no call for {}: add it here", other.name()),
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

fn words(command: &Command) -> batch::Command {
    let mut argv = command.to_argv().into_iter();
    let name = argv.next().map(|name| String::from_utf8(name).expect("a word")).expect("a name");
    batch::Command { name, arguments: argv.map(|argument| value(&argument)).collect() }
}

fn replies(replies: Vec<Result<batch::Reply, types::Error>>) -> Vec<Result<Reply>> {
    replies.into_iter().map(|reply| reply.map(convert::reply).map_err(convert::error)).collect()
}

fn matching(pattern: &Option<Bytes>, count: &Option<u64>) -> types::MatchOptions {
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

fn side(side: command::Side) -> types::Side {
    match side {
        command::Side::Left => types::Side::Left,
        command::Side::Right => types::Side::Right,
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a count that Redis could give")
}

fn count(number: u64) -> Reply {
    Reply::Int(signed(number))
}

fn flag(yes: bool) -> Reply {
    Reply::Int(i64::from(yes))
}

fn done((): ()) -> Reply {
    Reply::Ok
}

fn maybe(bytes: Option<Bytes>) -> Reply {
    bytes.map_or(Reply::Nil, Reply::Bytes)
}

fn text(name: Option<impl Into<String>>) -> Reply {
    maybe(name.map(|name| name.into().into_bytes()))
}

fn list(items: Vec<impl Into<Bytes>>) -> Reply {
    Reply::List(items.into_iter().map(|item| Some(item.into())).collect())
}

fn maybe_list(items: Option<Vec<Bytes>>) -> Reply {
    items.map_or(Reply::Nil, list)
}

fn flat(pairs: Vec<(Bytes, Bytes)>) -> Reply {
    Reply::List(pairs.into_iter().flat_map(|(a, b)| [Some(a), Some(b)]).collect())
}
