// The conformance files: read and checked, run step by step, replies matched. It must not know how an operation is
// called, nor any type of the library: a host that runs the cases is a `World`.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// How often a drain may ask for the next page.
const MOST_PAGES: usize = 10_000;

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(skip)]
    pub name: String,
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    pub subject: String,
    pub cases: Vec<Case>,
}

/// One case, on an empty store of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Case {
    pub name: String,
    pub seed: Option<String>,
    #[serde(default)]
    pub options: Options,
    pub differs_from_redis: Option<String>,
    pub steps: Vec<Step>,
}

/// What `connect` takes, as JavaScript names it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    #[serde(default)]
    pub prefix: String,
    pub default_ttl: Option<Json>,
    pub max_bytes: Option<u64>,
    pub max_key_bytes: Option<usize>,
}

/// One step, and what must come of it.
#[derive(Deserialize)]
#[serde(try_from = "RawStep")]
pub struct Step {
    pub action: Action,
    pub expected: Expected,
    pub with: Option<Options>,
}

pub enum Action {
    Call(Call),
    Advance(u64),
    Drain(Call),
    Pipeline(Vec<Call>),
    Multi { checks: Vec<(Json, Json)>, calls: Vec<Call> },
}

pub enum Expected {
    Nothing,
    Reply(Json),
    Error(String),
}

/// An operation by its WIT name, and its arguments.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<Json>")]
pub struct Call {
    pub op: String,
    pub arguments: Vec<Json>,
}

/// A step as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    call: Option<Call>,
    advance: Option<u64>,
    drain: Option<Call>,
    pipeline: Option<Vec<Call>>,
    multi: Option<Vec<Call>>,
    checks: Option<Vec<(Json, Json)>>,
    #[serde(default, deserialize_with = "present")]
    reply: Option<Json>,
    error: Option<String>,
    with: Option<Options>,
}

/// `"reply": null` is a reply.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl TryFrom<RawStep> for Step {
    type Error = String;

    fn try_from(raw: RawStep) -> Result<Step, String> {
        let action = match (raw.call, raw.advance, raw.drain, raw.pipeline, raw.multi, raw.checks) {
            (Some(call), None, None, None, None, None) => Action::Call(call),
            (None, Some(milliseconds @ 1..), None, None, None, None) => Action::Advance(milliseconds),
            (None, None, Some(call), None, None, None) => Action::Drain(call),
            (None, None, None, Some(calls), None, None) => Action::Pipeline(calls),
            (None, None, None, None, Some(calls), checks) => {
                Action::Multi { checks: checks.unwrap_or_default(), calls }
            }
            _ => {
                return Err(
                    "a step is one of call, advance (positive), drain, pipeline, multi (with checks)".into(),
                );
            }
        };
        let expected = match (&action, raw.reply, raw.error) {
            (Action::Advance(_), None, None) => Expected::Nothing,
            (Action::Call(_) | Action::Multi { .. }, None, Some(kind)) => Expected::Error(kind),
            (Action::Advance(_), ..) => return Err("advance has no reply".into()),
            (_, Some(reply), None) => Expected::Reply(reply),
            _ => return Err("a step has a reply, or else a call or a multi has an error".into()),
        };
        Ok(Step { action, expected, with: raw.with })
    }
}

impl TryFrom<Vec<Json>> for Call {
    type Error = String;

    fn try_from(mut words: Vec<Json>) -> Result<Call, String> {
        if words.is_empty() {
            return Err("a call begins with its operation".into());
        }
        match words.remove(0) {
            Json::String(op) => Ok(Call { op, arguments: words }),
            other => Err(format!("a call begins with its operation, not with {other}")),
        }
    }
}

/// Reads every file of the folder and checks it.
///
/// # Panics
///
/// When a file is not as `schema.json` says, naming it.
pub fn read(folder: &Path) -> Vec<File> {
    let text =
        |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Json = serde_json::from_str(&text(&folder.join("schema.json"))).expect("schema.json is JSON");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder of cases").map(|entry| entry.unwrap().path()).collect();
    paths
        .retain(|path| path.extension().is_some_and(|kind| kind == "json") && !path.ends_with("schema.json"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let mut file: File =
                serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{name}.json: {error}"));
            check(&file, &schema).unwrap_or_else(|fault| panic!("{name}.json: {fault}"));
            file.name = name;
            file
        })
        .collect()
}

/// Runs every case of every file that the host is asked, prints how many, and tells all that failed.
///
/// # Panics
///
/// When a case failed.
pub fn report(
    host: &str,
    is_asked: impl Fn(&Case) -> bool,
    mut run: impl FnMut(&Case) -> Result<(), Failure>,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("tests/conformance"))
        .find(|folder| folder.is_dir())
        .expect("tests/conformance");
    let mut failures = Vec::new();
    for file in read(&folder) {
        let asked: Vec<_> = file.cases.iter().filter(|case| is_asked(case)).collect();
        let steps: usize = asked.iter().map(|case| case.steps.len()).sum();
        let others = match file.cases.len() - asked.len() {
            0 => String::new(),
            others => format!(" ({others} cases not asked)"),
        };
        println!("{host}: {}: {} cases, {steps} steps{others}", file.subject, asked.len());
        for case in asked {
            if let Err(failure) = run(case) {
                failures.push(format!("{}.json: {}: {failure}", file.name, case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
}

/// The words that the schema allows somewhere.
fn words<'a>(schema: &'a Json, pointer: &str) -> Vec<&'a str> {
    let words = schema.pointer(pointer).and_then(Json::as_array);
    words.unwrap_or_else(|| panic!("schema.json has no {pointer}")).iter().filter_map(Json::as_str).collect()
}

/// Checks what the types do not: the words that the schema lists.
fn check(file: &File, schema: &Json) -> Result<(), String> {
    let kinds = words(schema, "/$defs/kind/enum");
    let seeds = words(schema, "/$defs/case/properties/seed/enum");
    let forms = words(schema, "/$defs/value/propertyNames/then/enum");
    if file.cases.is_empty() {
        return Err("no cases".into());
    }
    for case in &file.cases {
        let fault = |what: &str| Err(format!("{}: {what}", case.name));
        if case.name.is_empty() || case.steps.is_empty() {
            return fault("a case has a name and steps");
        }
        if case.seed.as_ref().is_some_and(|seed| !seeds.contains(&seed.as_str())) {
            return fault("no such seed");
        }
        if case.differs_from_redis.as_ref().is_some_and(|why| why.len() < 10) {
            return fault("why does it differ from Redis?");
        }
        for step in &case.steps {
            let calls = match &step.action {
                Action::Call(call) | Action::Drain(call) => std::slice::from_ref(call),
                Action::Pipeline(calls) | Action::Multi { calls, .. } => calls,
                Action::Advance(_) => &[],
            };
            let reply = if let Expected::Reply(reply) = &step.expected { Some(reply) } else { None };
            for value in calls.iter().flat_map(|call| &call.arguments).chain(reply) {
                if let Some(form) = unknown_form(value, &forms) {
                    return fault(&format!("no such form: {form}"));
                }
            }
            if let Expected::Error(kind) = &step.expected
                && !kinds.contains(&kind.as_str())
            {
                return fault(&format!("no such error: {kind}"));
            }
        }
    }
    Ok(())
}

fn unknown_form<'a>(value: &'a Json, forms: &[&str]) -> Option<&'a str> {
    match value {
        Json::Array(items) => items.iter().find_map(|item| unknown_form(item, forms)),
        Json::Object(members) => members.iter().find_map(|(name, member)| {
            let is_unknown = name.starts_with('$') && name.len() > 1 && !forms.contains(&name.as_str());
            if is_unknown { Some(name.as_str()) } else { unknown_form(member, forms) }
        }),
        _ => None,
    }
}

/// What goes into an operation and comes out of it, as JavaScript sees it.
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
    /// The kind of error of one command of a batch.
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
    /// JSON without special forms.
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

/// Why an operation failed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The kind of error, by its code.
    pub kind: String,
    pub message: String,
}

impl Fault {
    /// An argument that the operation does not take.
    pub fn invalid_argument(message: impl Into<String>) -> Fault {
        Fault { kind: "invalid-argument".into(), message: message.into() }
    }
}

/// A call whose arguments hold no special forms any more.
pub struct Request {
    pub op: String,
    pub arguments: Vec<Value>,
}

/// The replies of a batch, in order.
pub type Replies = Vec<Result<Value, Fault>>;

/// A host with one empty store, for one case.
pub trait World {
    /// The store's time, in milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Lets time pass.
    fn advance(&mut self, milliseconds: u64);
    /// Calls an operation, through the case's own handle or through one with these options.
    fn call(&mut self, with: Option<&Options>, request: &Request) -> Result<Value, Fault>;
    /// Sends operations together.
    fn pipeline(&mut self, with: Option<&Options>, requests: &[Request]) -> Result<Replies, Fault>;
    /// Runs operations as one transaction.
    fn multi(
        &mut self,
        with: Option<&Options>,
        checks: &[(Value, Value)],
        requests: &[Request],
    ) -> Result<Replies, Fault>;
}

/// A step that did not go as expected.
pub struct Failure {
    /// Counted from 1.
    pub step: usize,
    pub expected: String,
    pub got: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}\n    expected {}\n    got      {}", self.step, self.expected, self.got)
    }
}

/// Runs a case up to the first step that fails.
pub fn run(world: &mut impl World, case: &Case) -> Result<(), Failure> {
    let mut saved = BTreeMap::new();
    for (index, step) in case.steps.iter().enumerate() {
        let now_ms = world.now_ms();
        let mut matcher = Matcher { now_ms, saved: &mut saved };
        let got = act(world, step, &matcher);
        let is_expected = match (&step.expected, &got) {
            (Expected::Nothing, _) => true,
            (Expected::Reply(expected), Ok(got)) => matcher.matches(expected, got),
            (Expected::Error(expected), Err(fault)) => *expected == fault.kind,
            _ => false,
        };
        if !is_expected {
            let expected = match &step.expected {
                Expected::Reply(reply) => shortened(reply.to_string()),
                Expected::Error(kind) => format!("the error {kind}"),
                Expected::Nothing => unreachable!("nothing is expected"),
            };
            let got = match got {
                Ok(value) => shortened(format!("{value:?}")),
                Err(fault) => format!("the error {}: {}", fault.kind, fault.message),
            };
            return Err(Failure { step: index + 1, expected, got });
        }
    }
    Ok(())
}

/// Whether a reply is as expected, at this moment of the store's time.
pub fn is_expected(expected: &Json, got: &Value, now_ms: u64) -> bool {
    Matcher { now_ms, saved: &mut BTreeMap::new() }.matches(expected, got)
}

fn shortened(text: String) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn act(world: &mut impl World, step: &Step, matcher: &Matcher) -> Result<Value, Fault> {
    let with = step.with.as_ref();
    match &step.action {
        Action::Advance(milliseconds) => {
            world.advance(*milliseconds);
            Ok(Value::Null)
        }
        Action::Call(call) => world.call(with, &matcher.request(call)),
        Action::Drain(call) => drain(world, with, &matcher.request(call)),
        Action::Pipeline(calls) => world.pipeline(with, &matcher.requests(calls)).map(replies),
        Action::Multi { checks, calls } => {
            let checks: Vec<_> = checks
                .iter()
                .map(|(key, expected)| (matcher.argument(key), matcher.argument(expected)))
                .collect();
            world.multi(with, &checks, &matcher.requests(calls)).map(replies)
        }
    }
}

fn replies(replies: Replies) -> Value {
    Value::List(
        replies.into_iter().map(|reply| reply.unwrap_or_else(|fault| Value::Error(fault.kind))).collect(),
    )
}

/// Scans from the first page to the last; each item counts once.
fn drain(world: &mut impl World, with: Option<&Options>, request: &Request) -> Result<Value, Fault> {
    let position = usize::from(request.op != "scan");
    let items_name = match request.op.as_str() {
        "scan" => "keys",
        "hscan" => "entries",
        _ => "members",
    };
    let mut cursor = Value::Text("0".into());
    let mut found: Vec<Value> = Vec::new();
    for _ in 0..MOST_PAGES {
        let mut arguments = request.arguments.clone();
        arguments.insert(position.min(arguments.len()), cursor);
        let page = world.call(with, &Request { op: request.op.clone(), arguments })?;
        let (Some(next), Some(Value::List(items))) = (page.member("cursor"), page.member(items_name)) else {
            return Ok(page);
        };
        for item in items {
            if !found.contains(item) {
                found.push(item.clone());
            }
        }
        cursor = next.clone();
        if cursor == Value::Text("0".into()) {
            return Ok(Value::List(found));
        }
    }
    Err(Fault { kind: "endless".into(), message: format!("no end after {MOST_PAGES} pages") })
}

/// Resolves and matches the special forms.
struct Matcher<'a> {
    now_ms: u64,
    saved: &'a mut BTreeMap<String, Value>,
}

/// The one special form that an object is, if it is one.
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
    fn requests(&self, calls: &[Call]) -> Vec<Request> {
        calls.iter().map(|call| self.request(call)).collect()
    }

    fn request(&self, call: &Call) -> Request {
        let arguments = call.arguments.iter().map(|argument| self.argument(argument)).collect();
        Request { op: call.op.clone(), arguments }
    }

    /// The value that an argument stands for.
    fn argument(&self, json: &Json) -> Value {
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
    fn matches(&mut self, expected: &Json, got: &Value) -> bool {
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
            // A float that has no fraction prints as an integer.
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
            ("$int" | "$repeat", got) => *got == self.argument(&Json::Object(members.clone())),
            ("$unixSeconds", Value::Int(got)) => {
                (i128::from(self.now_ms / 1000) + offset()).abs_diff(*got) <= 1
            }
            ("$unixMs", Value::Int(got)) => (i128::from(self.now_ms) + offset()).abs_diff(*got) <= 500,
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

    /// Whether everything got is among the items; with `once`, each item no more than once.
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
