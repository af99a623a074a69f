// Arguments and results of operations, and their special forms in cases. No knowledge of files, steps or hosts.
#![allow(dead_code, reason = "no test uses all of it")]

use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// An argument or result of an operation, as JavaScript sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// The kind of error of one command in a batch.
    Error(String),
}

impl Value {
    /// A member of an object.
    pub fn member(&self, name: &str) -> Option<&Value> {
        let Value::Map(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl From<&Json> for Value {
    /// Converts JSON without special forms.
    fn from(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(*flag),
            Json::Number(number) => match number.as_i128() {
                Some(number) => Value::Int(number),
                None => Value::Float(number.as_f64().expect("a number")),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(Value::from).collect()),
            Json::Object(members) => {
                Value::Map(members.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect())
            }
        }
    }
}

/// Whether a reply is as expected, at this time of the store.
#[allow(dead_code, reason = "one test asks whether a wrong reply is noticed")]
pub fn is_expected(expected: &Json, got: &Value, now_ms: u64) -> bool {
    Matcher { now_ms, saved: &mut BTreeMap::new() }.matches(expected, got)
}

/// Resolves and matches the special forms.
pub struct Matcher<'a> {
    pub now_ms: u64,
    pub saved: &'a mut BTreeMap<String, Value>,
}

/// The object's special form, if it is one.
fn form(members: &Map<String, Json>) -> Option<(&str, &Json)> {
    members.iter().find(|(name, _)| name.starts_with('$')).map(|(name, value)| (name.as_str(), value))
}

fn hex(value: &Json) -> Vec<u8> {
    let digits = value.as_str().expect("$hex takes text").as_bytes();
    let byte =
        |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).expect("$hex takes hex digits");
    digits.chunks(2).map(byte).collect()
}

fn repeated(value: &Json) -> String {
    let (text, times) = (value[0].as_str(), value[1].as_u64());
    text.expect("$repeat takes text").repeat(times.expect("$repeat takes a count") as usize)
}

fn sized_choice(value: &Json) -> (usize, &Vec<Json>) {
    let (count, items) = (value[0].as_u64(), value[1].as_array());
    (count.expect("a choice has a size") as usize, items.expect("a choice has items"))
}

impl Matcher<'_> {
    /// The value that an argument represents.
    pub fn argument(&self, json: &Json) -> Value {
        let members = match json {
            Json::Array(items) => return Value::List(items.iter().map(|item| self.argument(item)).collect()),
            Json::Object(members) => members,
            plain => return plain.into(),
        };
        match form(members) {
            None => {
                Value::Map(members.iter().map(|(name, value)| (name.clone(), self.argument(value))).collect())
            }
            Some(("$hex", digits)) => Value::Bytes(hex(digits)),
            Some(("$int", digits)) => {
                Value::Int(digits.as_str().unwrap().parse().expect("$int takes digits"))
            }
            Some(("$float", text)) => {
                Value::Float(text.as_str().unwrap().parse().expect("$float takes the text of a float"))
            }
            Some(("$repeat", repeat)) => Value::Text(repeated(repeat)),
            Some(("$unixSeconds", offset)) => {
                Value::Int(i128::from(self.now_ms / 1000) + i128::from(offset.as_i64().expect("an offset")))
            }
            Some(("$unixMs", offset)) => {
                Value::Int(i128::from(self.now_ms) + i128::from(offset.as_i64().expect("an offset")))
            }
            Some(("$var", name)) => {
                let name = name.as_str().expect("$var takes a name");
                self.saved.get(name).unwrap_or_else(|| panic!("nothing was saved as {name}")).clone()
            }
            Some((other, _)) => panic!("{other} is no form of an argument"),
        }
    }

    /// Whether a reply is as expected.
    pub fn matches(&mut self, expected: &Json, got: &Value) -> bool {
        match (expected, got) {
            (Json::Object(members), got) => match form(members) {
                Some((name, value)) => self.matches_form(name, value, members, got),
                None => {
                    let Value::Map(got) = got else { return false };
                    got.len() == members.len() && self.has(members, got)
                }
            },
            (Json::Array(expected), Value::List(got)) => {
                expected.len() == got.len()
                    && expected.iter().zip(got).all(|(expected, got)| self.matches(expected, got))
            }
            (Json::Array(_), _) => false,
            // A float without a fraction prints as an integer.
            (Json::Number(expected), Value::Float(got)) => expected.as_f64() == Some(*got),
            (plain, got) => Value::from(plain) == *got,
        }
    }

    fn has(&mut self, members: &Map<String, Json>, got: &[(String, Value)]) -> bool {
        members.iter().all(|(name, expected)| {
            let got = got.iter().find(|(known, _)| known == name);
            got.is_some_and(|(_, got)| self.matches(expected, got))
        })
    }

    fn matches_form(&mut self, name: &str, value: &Json, members: &Map<String, Json>, got: &Value) -> bool {
        let offset = || i128::from(value.as_i64().expect("an offset"));
        match (name, got) {
            ("$any", _) => true,
            ("$save", got) => {
                self.saved.insert(value.as_str().expect("$save takes a name").to_owned(), got.clone());
                true
            }
            ("$oneOf", got) => {
                value.as_array().expect("$oneOf takes a list").iter().any(|one| self.matches(one, got))
            }
            ("$hex", got) => *got == Value::Bytes(hex(value)),
            ("$int" | "$float" | "$repeat", got) => *got == self.argument(&Json::Object(members.clone())),
            ("$unixSeconds", Value::Int(got)) => {
                (i128::from(self.now_ms / 1000) + offset()).abs_diff(*got) <= 1
            }
            ("$unixMs", Value::Int(got)) => {
                let within = members.get("within").map_or(500, |within| within.as_u64().expect("a distance"));
                (i128::from(self.now_ms) + offset()).abs_diff(*got) <= within.into()
            }
            ("$error", Value::Error(kind)) => value.as_str() == Some(kind),
            ("$approx", got) => {
                let within =
                    members.get("within").map_or(1e-9, |within| within.as_f64().expect("a distance"));
                let got = match got {
                    Value::Int(got) => Some(*got as f64),
                    Value::Float(got) => Some(*got),
                    Value::Text(got) => got.parse().ok(),
                    _ => None,
                };
                got.is_some_and(|got| (got - value.as_f64().expect("a number")).abs() <= within)
            }
            ("$has", Value::Map(got)) => self.has(value.as_object().expect("$has takes an object"), got),
            ("$unordered", Value::List(got)) => {
                let expected = value.as_array().expect("$unordered takes a list");
                self.is_choice(expected, got, true) && expected.len() == got.len()
            }
            ("$some", Value::List(got)) => {
                let (count, items) = sized_choice(value);
                got.len() == count && self.is_choice(items, got, true)
            }
            ("$many", Value::List(got)) => {
                let (count, items) = sized_choice(value);
                got.len() == count && self.is_choice(items, got, false)
            }
            _ => false,
        }
    }

    /// Whether all of `got` is among the items; with `once`, each item at most once.
    fn is_choice(&mut self, items: &[Json], got: &[Value], once: bool) -> bool {
        let mut left: Vec<&Json> = items.iter().collect();
        got.iter().all(|got| match left.iter().position(|item| self.matches(item, got)) {
            Some(index) if once => {
                left.swap_remove(index);
                true
            }
            found => found.is_some(),
        })
    }
}
