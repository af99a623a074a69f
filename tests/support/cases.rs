// The conformance files: reads and checks them, runs them step by step, compares the replies. How an operation is
// called, and the library's types, do not belong here: each host that runs the cases is a `World`.

#[path = "matching.rs"]
mod matching;
#[path = "tally.rs"]
mod tally;

#[allow(unused_imports, reason = "one test asks whether a wrong reply is noticed")]
pub use matching::{Value, is_expected};
pub use tally::{Tally, Verdict};

use matching::Matcher;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// The most pages of one scan.
const MOST_PAGES: usize = 10_000;

/// The kind of error if a store does not support something.
const UNSUPPORTED: &str = "unsupported";

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

/// One case; it starts with its own empty store.
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

/// The options of `connect`, named as in JavaScript.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    #[serde(default)]
    pub prefix: String,
    pub default_ttl: Option<Json>,
    pub max_bytes: Option<u64>,
    pub max_keys: Option<u64>,
    pub eviction: Option<String>,
    pub max_key_bytes: Option<usize>,
}

/// One step and its expected result.
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

/// A step as written in the file.
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

/// Tells `"reply": null` from a missing reply.
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

/// Reads and checks every file of the folder.
///
/// # Panics
///
/// If a file does not follow `schema.json`; the message names it.
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

/// Runs every case that the host supports, prints the number and reports all failures. Returns how the cases ended.
///
/// # Panics
///
/// If a case failed.
pub fn report<V: Into<Verdict>>(
    host: &str,
    is_asked: impl Fn(&Case) -> bool,
    mut run: impl FnMut(&Case) -> Result<V, Failure>,
) -> Tally {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("tests/conformance"))
        .find(|folder| folder.is_dir())
        .expect("tests/conformance");
    let mut failures = Vec::new();
    let mut tally = Tally::default();
    for file in read(&folder) {
        let asked: Vec<_> = file.cases.iter().filter(|case| is_asked(case)).collect();
        let steps: usize = asked.iter().map(|case| case.steps.len()).sum();
        let others = match file.cases.len() - asked.len() {
            0 => String::new(),
            others => format!(" ({others} cases not asked)"),
        };
        println!("{host}: {}: {} cases, {steps} steps{others}", file.subject, asked.len());
        tally.leave_out(file.cases.len() - asked.len());
        for case in asked {
            match run(case) {
                Ok(ended) => tally.count(ended.into()),
                Err(failure) => failures.push(format!("{}.json: {}: {failure}", file.name, case.name)),
            }
        }
    }
    assert!(failures.is_empty(), "{} cases failed:\n{}", failures.len(), failures.join("\n"));
    tally
}

/// The words that the schema allows at this place.
fn words<'a>(schema: &'a Json, pointer: &str) -> Vec<&'a str> {
    let words = schema.pointer(pointer).and_then(Json::as_array);
    words.unwrap_or_else(|| panic!("schema.json has no {pointer}")).iter().filter_map(Json::as_str).collect()
}

/// Checks the words that the schema lists; the types check the rest.
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

/// Why an operation failed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The kind of error, by its code.
    pub kind: String,
    pub message: String,
}

impl Fault {
    /// The error for an argument that the operation does not accept.
    pub fn invalid_argument(message: impl Into<String>) -> Fault {
        Fault { kind: "invalid-argument".into(), message: message.into() }
    }
}

/// A call with all special forms resolved.
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
    /// Advances the time.
    fn advance(&mut self, milliseconds: u64);
    /// Calls an operation, through the case's own handle or one with these options.
    fn call(&mut self, with: Option<&Options>, request: &Request) -> Result<Value, Fault>;
    /// Runs operations as a pipeline.
    fn pipeline(&mut self, with: Option<&Options>, requests: &[Request]) -> Result<Replies, Fault>;
    /// Runs operations as one transaction.
    fn multi(
        &mut self,
        with: Option<&Options>,
        checks: &[(Value, Value)],
        requests: &[Request],
    ) -> Result<Replies, Fault>;
}

/// A step with an unexpected result.
pub struct Failure {
    /// Counted from 1.
    pub step: usize,
    pub expected: String,
    pub got: String,
    /// Whether the step, or part of it, failed with `unsupported`.
    #[allow(dead_code, reason = "not every host has stores that leave something out")]
    pub is_unsupported: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}\n    expected {}\n    got      {}", self.step, self.expected, self.got)
    }
}

/// Runs a case until the first failing step.
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
            let is_unsupported = match &got {
                Ok(Value::List(items)) => items.contains(&Value::Error(UNSUPPORTED.into())),
                Ok(_) => false,
                Err(fault) => fault.kind == UNSUPPORTED,
            };
            let got = match got {
                Ok(value) => shortened(format!("{value:?}")),
                Err(fault) => format!("the error {}: {}", fault.kind, fault.message),
            };
            return Err(Failure { step: index + 1, expected, got, is_unsupported });
        }
    }
    Ok(())
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
        Action::Call(call) => world.call(with, &request(call, matcher)),
        Action::Drain(call) => drain(world, with, &request(call, matcher)),
        Action::Pipeline(calls) => world.pipeline(with, &requests(calls, matcher)).map(replies),
        Action::Multi { checks, calls } => {
            let checks: Vec<_> = checks
                .iter()
                .map(|(key, expected)| (matcher.argument(key), matcher.argument(expected)))
                .collect();
            world.multi(with, &checks, &requests(calls, matcher)).map(replies)
        }
    }
}

fn requests(calls: &[Call], matcher: &Matcher) -> Vec<Request> {
    calls.iter().map(|call| request(call, matcher)).collect()
}

fn request(call: &Call, matcher: &Matcher) -> Request {
    let arguments = call.arguments.iter().map(|argument| matcher.argument(argument)).collect();
    Request { op: call.op.clone(), arguments }
}

fn replies(replies: Replies) -> Value {
    Value::List(
        replies.into_iter().map(|reply| reply.unwrap_or_else(|fault| Value::Error(fault.kind))).collect(),
    )
}

/// Scans all pages; duplicates count once.
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
