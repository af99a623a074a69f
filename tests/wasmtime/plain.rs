// The WIT functions whose parameters are plain, called with the words of a command, and every result as a reply. No list
// of functions: it comes from wit/.

use crate::bindings::exports::omnikv::kv::{lists, types};
use crate::convert::value;
use crate::{Handle, Instance, untrapped};
use omnikv::Result;
use omnikv::command::{Bytes, Reply};

/// The next argument, from the words that are left.
macro_rules! argument {
    (string $words:ident) => {
        &text(&mut $words)
    };
    (strings $words:ident) => {
        &$words.by_ref().map(utf8).collect::<Vec<_>>()
    };
    (value $words:ident) => {
        &value(&next(&mut $words))
    };
    (values $words:ident) => {
        &$words.by_ref().map(|word| value(&word)).collect::<Vec<_>>()
    };
    (u64 $words:ident) => {
        text(&mut $words).parse().expect("a number")
    };
    (s64 $words:ident) => {
        text(&mut $words).parse().expect("a number")
    };
    (f64 $words:ident) => {
        text(&mut $words).parse().expect("a number")
    };
    (side $words:ident) => {
        if text(&mut $words) == "LEFT" { types::Side::Left } else { types::Side::Right }
    };
    (position $words:ident) => {
        if text(&mut $words) == "BEFORE" { lists::Position::Before } else { lists::Position::After }
    };
}

macro_rules! plain_calls {
    ($({
        $name:literal $method:ident ($family:ident $call:ident) ($($parameter:ident: $type:ident,)*)
        $(<$generic:ident>)?
    })*) => {
        impl Instance {
            /// Calls the function of this name with a command's arguments, in words.
            pub fn call_plain(&mut self, handle: Handle, function: &str, arguments: Vec<Bytes>) -> Result<Reply> {
                let Instance { guest, store, .. } = self;
                #[allow(unused_mut, reason = "some functions take no arguments")]
                let mut words = arguments.into_iter();
                match function {
                    $($name => {
                        let answer =
                            guest.$family().$call(&mut *store, handle.0, $(argument!($type words)),*);
                        assert_eq!(words.next(), None, "{function} has one argument less");
                        untrapped(answer).map(IntoReply::into_reply)
                    })*
                    other => panic!("no call for {other}: its parameters are not plain"),
                }
            }
        }
    };
}
omnikv_wit::plain_operations!(plain_calls except bitop);

fn next(words: &mut impl Iterator<Item = Bytes>) -> Bytes {
    words.next().expect("another argument")
}

fn text(words: &mut impl Iterator<Item = Bytes>) -> String {
    utf8(next(words))
}

fn utf8(word: Bytes) -> String {
    String::from_utf8(word).expect("text")
}

/// A result as the reply of its command.
pub trait IntoReply {
    fn into_reply(self) -> Reply;
}

macro_rules! replies {
    ($($type:ty: $result:ident => $reply:expr;)*) => { $(
        impl IntoReply for $type {
            fn into_reply(self) -> Reply {
                let $result = self;
                $reply
            }
        }
    )* };
}
replies! {
    (): _done => Reply::Ok;
    bool: flag => Reply::Int(flag.into());
    i64: number => Reply::Int(number);
    u64: number => Reply::Int(signed(number));
    String: text => Reply::Bytes(text.into_bytes());
    Bytes: bytes => Reply::Bytes(bytes);
    types::ValueType: kind => Reply::Bytes(crate::convert::type_name(kind).into());
    Vec<Bytes>: items => Reply::List(items.into_iter().map(Some).collect());
    Vec<Option<Bytes>>: items => Reply::List(items);
    Vec<String>: names => Reply::List(names.into_iter().map(|name| Some(name.into_bytes())).collect());
    Vec<Option<String>>: texts => Reply::List(texts.into_iter().map(|text| text.map(String::into_bytes)).collect());
    Vec<bool>: flags => Reply::Ints(flags.into_iter().map(i64::from).collect());
    Vec<Option<i64>>: numbers => {
        Reply::List(numbers.into_iter().map(|number| number.map(|number| number.to_string().into_bytes())).collect())
    };
    Vec<u64>: numbers => Reply::Ints(numbers.into_iter().map(signed).collect());
    Vec<(Bytes, Bytes)>: pairs => Reply::List(pairs.into_iter().flat_map(|(a, b)| [Some(a), Some(b)]).collect());
    Vec<(String, Option<Bytes>)>: pairs => {
        Reply::List(pairs.into_iter().flat_map(|(key, value)| [Some(key.into_bytes()), value]).collect())
    };
    f64: score => Reply::Bytes(print(score));
    Vec<Option<f64>>: scores => Reply::List(scores.into_iter().map(|score| score.map(print)).collect());
    (Bytes, f64): pair => Reply::List(vec![Some(pair.0), Some(print(pair.1))]);
    (u64, f64): pair => Reply::List(vec![Some(pair.0.to_string().into()), Some(print(pair.1))]);
    Vec<(Bytes, f64)>: pairs => Reply::List(flat(pairs));
    (String, Vec<(Bytes, f64)>): found => {
        Reply::List(std::iter::once(Some(found.0.into_bytes())).chain(flat(found.1)).collect())
    };
    (String, Vec<Bytes>): found => {
        Reply::List(std::iter::once(found.0.into_bytes()).chain(found.1).map(Some).collect())
    };
}

/// A score as text; what reads the replies reads numbers.
pub fn print(score: f64) -> Bytes {
    format!("{score:?}").into()
}

fn flat(pairs: Vec<(Bytes, f64)>) -> Vec<Option<Bytes>> {
    pairs.into_iter().flat_map(|(member, score)| [Some(member), Some(print(score))]).collect()
}

impl<T: IntoReply> IntoReply for Option<T> {
    fn into_reply(self) -> Reply {
        self.map_or(Reply::Nil, T::into_reply)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a count that Redis could give")
}
