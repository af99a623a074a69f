// How Redis would store a value, for `OBJECT ENCODING`. Redis's answer also depends on the value's history, which we do
// not have: only the content counts here. Reads no store.

use crate::command::{Bytes, Command, Key, Reply};
use crate::integer;

/// The longest string that is stored with its key.
const EMBEDDED: i64 = 44;

/// The most fields or members of a compact encoding, and the longest of them.
const COMPACT: i64 = 512;
const COMPACT_BYTES: usize = 64;
/// The most members of a compact sorted set.
const COMPACT_SORTED: i64 = 128;

/// The commands that read the size of a value and the value itself; `None` if the type is enough.
pub(crate) fn questions(kind: &[u8], key: &Key) -> Option<[Command; 2]> {
    let key = || key.clone();
    Some(match kind {
        b"string" => [Command::StrLen { key: key() }, Command::Get { key: key() }],
        b"hash" => [Command::HLen { key: key() }, Command::HGetAll { key: key() }],
        b"set" => [Command::SCard { key: key() }, Command::SMembers { key: key() }],
        b"zset" => {
            let (start, stop) = (b"0".to_vec(), b"-1".to_vec());
            let (by, reverse, limit, with_scores) = (None, false, None, false);
            let all = Command::ZRange { key: key(), start, stop, by, reverse, limit, with_scores };
            [Command::ZCard { key: key() }, all]
        }
        _ => return None,
    })
}

/// Whether the encoding of a value with this type and size depends on its content.
pub(crate) fn depends_on_value(kind: &[u8], size: i64) -> bool {
    size <= match kind {
        b"string" => EMBEDDED,
        b"zset" => COMPACT_SORTED,
        _ => COMPACT,
    }
}

/// The encoding of a value of this type; `value` is its content, if that is needed.
pub(crate) fn name(kind: &[u8], value: Option<&Reply>) -> &'static str {
    match (kind, value) {
        (b"string", Some(Reply::Bytes(text))) if integer::parse(text).is_some() => "int",
        (b"string", Some(_)) => "embstr",
        (b"string", None) => "raw",
        (b"list", _) => "quicklist",
        (b"hash" | b"zset", Some(Reply::List(items))) if all(items, |item| item.len() <= COMPACT_BYTES) => {
            "listpack"
        }
        (b"zset", _) => "skiplist",
        (b"set", Some(Reply::List(items))) if all(items, |item| integer::parse(item).is_some()) => "intset",
        _ => "hashtable",
    }
}

fn all(items: &[Option<Bytes>], is_so: impl Fn(&[u8]) -> bool) -> bool {
    items.iter().flatten().all(|item| is_so(item))
}
