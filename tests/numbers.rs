// Numbers pass through JSON as they were written: from a gateway's clients, in servers' answers to our client, and in
// values of Rust types.

mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fastrand::Rng;
use omnikv::dialect::Value;
use omnikv::dialect::json::{Answers, Encoding, read_answers, read_command, read_commands};
use omnikv::gateway::{Gateway, Options, Request, Response, Token};
use omnikv::{Json, MemoryStore, Store, prelude::*};
use pollster::block_on;
use support::http_server::{HttpServer, Reaction};

const TOKEN: &str = "t0p-s3cret";

/// Numbers that were once read wrongly, or that are easy to get wrong.
const KNOWN: [&str; 18] = [
    "-159.71926187423477",
    "106242075399214372653",
    "0.9629666451345543",
    "1e3",
    "1E+3",
    "1e-400",
    "1e400",
    "0",
    "-0",
    "-0.0",
    "0.10",
    "1.0",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
];

/// Numbers in all forms of JSON: the known ones first, then doubles with random bits, decimals, and up to 40 digits.
fn numbers(count: usize) -> Vec<String> {
    let mut rng = Rng::with_seed(support::seed());
    let drawn = (0..count).map(|_| match rng.u8(..4) {
        0 => format!("{:e}", double(&mut rng)),
        1 => serde_json::to_string(&double(&mut rng)).unwrap(),
        2 => format!("{}", rng.f64() * 10_f64.powi(rng.i32(-9..9))),
        _ => spelled(&mut rng),
    });
    KNOWN.map(str::to_owned).into_iter().chain(drawn).collect()
}

/// A finite double with random bits.
fn double(rng: &mut Rng) -> f64 {
    loop {
        let double = f64::from_bits(rng.u64(..));
        if double.is_finite() {
            return double;
        }
    }
}

/// A number of JSON's grammar: sign, digits, fraction, exponent.
fn spelled(rng: &mut Rng) -> String {
    let whole = digits(rng, 40);
    let mut text = match whole.trim_start_matches('0') {
        "" => "0".to_owned(),
        whole => whole.to_owned(),
    };
    if rng.bool() {
        text.insert(0, '-');
    }
    if rng.bool() {
        text = format!("{text}.{}", digits(rng, 20));
    }
    if rng.bool() {
        let mark = rng.choice(["e", "E", "e+", "E+", "e-", "E-"]).unwrap();
        text = format!("{text}{mark}{}", digits(rng, 3));
    }
    text
}

fn digits(rng: &mut Rng, most: usize) -> String {
    let count = rng.usize(1..=most);
    (0..count).map(|_| rng.digit(10)).collect()
}

#[test]
fn numbers_in_commands_keep_their_text() {
    for number in numbers(20_000) {
        let words = vec![b"SET".to_vec(), b"k".to_vec(), number.clone().into_bytes()];
        let one = format!(r#"["SET", "k", {number} ]"#);
        assert_eq!(read_command(one.as_bytes()).as_ref(), Ok(&words), "{number}");
        assert_eq!(
            read_commands(format!("[{one}, {one}]").as_bytes()),
            Ok(vec![words.clone(), words]),
            "{number}"
        );
    }
}

#[test]
fn numbers_in_answers_are_integers_or_keep_their_text() {
    for number in numbers(20_000) {
        // Rust also parses -0 as an integer.
        let integer = number.parse().ok().filter(|_| number != "-0");
        let value = integer.map_or_else(|| Value::Bytes(number.clone().into_bytes()), Value::Int);
        for encoding in [Encoding::Plain, Encoding::Base64] {
            let read = |json: String| read_answers(json.as_bytes(), encoding).unwrap();
            let one = format!(r#"{{"result": {number} }}"#);
            assert_eq!(read(one.clone()), Answers::One(Some(value.clone())), "{number}");
            assert_eq!(read(format!("[{one}]")), Answers::Many(vec![value.clone()]), "{number}");
            let nested = Value::Array(vec![Value::Array(vec![value.clone()]), value.clone()]);
            assert_eq!(
                read(format!(r#"{{"result":[[{number}],{number}]}}"#)),
                Answers::One(Some(nested)),
                "{number}"
            );
        }
    }
}

#[test]
fn a_gateway_stores_numbers_unchanged() {
    let store = || block_on(Store::connect("memory:numbers", omnikv::Options::default())).unwrap();
    let kv = store();
    let gateway =
        Gateway::new(store(), Options { tokens: vec![Token::new(TOKEN)], ..Options::default() }).unwrap();
    let send = |path: &str, body: String| {
        let request = Request {
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            headers: vec![("authorization".into(), format!("Bearer {TOKEN}"))],
            body: body.into_bytes(),
        };
        let response = block_on(gateway.handle(request));
        assert_eq!(response.status, 200, "{path}");
    };
    for number in numbers(1_000) {
        send("/", format!(r#"["SET","one",{number}]"#));
        send(
            "/pipeline",
            format!(r#"[["HSET","hash","f",{number}],["DEL","list"],["RPUSH","list",{number}]]"#),
        );
        send("/multi-exec", format!(r#"[["SET","many",{number}]]"#));
        send(&format!("/set/path/{}", number.replace('+', "%2B")), String::new());
        send("/set/body", number.clone());
        for key in ["one", "many", "path", "body"] {
            assert_eq!(block_on(kv.get(key)), Ok(Some(number.clone())), "{key}");
        }
        assert_eq!(block_on(kv.hget("hash", "f")), Ok(Some(number.clone())));
        assert_eq!(block_on(kv.lindex::<String>("list", 0)), Ok(Some(number)));
    }
}

#[test]
fn our_client_reads_numbers_unchanged() {
    let numbers = numbers(1_000);
    let [list, pairs] = [
        numbers.join(", "),
        numbers
            .iter()
            .map(|n| format!(r#""{}":{n}"#, BASE64_STANDARD.encode(n)))
            .collect::<Vec<_>>()
            .join(","),
    ];
    // Some servers return numbers where Upstash returns text, and objects for the pairs of a hash.
    let server = HttpServer::start(move |request| {
        let body = String::from_utf8(request.body).unwrap();
        let result = if body.contains("HGETALL") { format!("{{{pairs}}}") } else { format!("[{list}]") };
        let answer = format!(r#"{{"result":{result}}}"#).into_bytes();
        let answer = Response { status: 200, headers: Vec::new(), body: answer };
        Box::pin(async move { Reaction::Answer(answer) })
    });
    let kv = block_on(Store::connect(&server.url(TOKEN), omnikv::Options::default())).unwrap();
    assert_eq!(block_on(kv.lrange::<String>("list", 0, -1)), Ok(numbers.clone()));
    let pairs: Vec<(String, String)> = block_on(kv.hgetall_as("hash")).unwrap();
    assert_eq!(pairs.len(), numbers.len());
    for (field, value) in pairs {
        assert_eq!(field, value);
    }
}

#[test]
fn floats_round_trip_exactly() {
    let kv = MemoryStore::new();
    let mut rng = Rng::with_seed(support::seed());
    let known =
        [-159.71926187423477, 0.9629666451345543, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::EPSILON];
    for round in 0..20_000 {
        let number = match known.get(round) {
            Some(known) => *known,
            None if rng.bool() => double(&mut rng),
            None => rng.f64() * 10_f64.powi(rng.i32(-9..9)),
        };
        kv.set_json("json", &number).unwrap();
        let read = kv.get_as::<f64>("json").unwrap().unwrap();
        assert_eq!(read.to_bits(), number.to_bits(), "{number:e}");
        kv.set("nested", Json((vec![number], "text"))).unwrap();
        let Json((read, _)) = Json(kv.get_as::<(Vec<f64>, String)>("nested").unwrap().unwrap());
        assert_eq!(read[0].to_bits(), number.to_bits(), "{number:e}");
        // Without `Json` it is stored as ECMAScript prints it, where zero has no sign.
        kv.set("plain", number).unwrap();
        let read = kv.get_as::<f64>("plain").unwrap().unwrap();
        assert!(read.to_bits() == number.to_bits() || (read, number) == (0.0, -0.0), "{number:e}");
        let single = f32::from_bits(rng.u32(..));
        if single.is_finite() {
            kv.set_json("single", &single).unwrap();
            assert_eq!(
                kv.get_as::<f32>("single").unwrap().map(f32::to_bits),
                Some(single.to_bits()),
                "{single:e}"
            );
        }
    }
}

#[test]
fn integers_round_trip_or_are_refused() {
    let kv = MemoryStore::new();
    for number in [u64::MAX, i64::MAX as u64 + 1, (1 << 53) + 1] {
        kv.set_json("k", &number).unwrap();
        assert_eq!(kv.get_as::<u64>("k"), Ok(Some(number)));
    }
    kv.set_json("k", &i128::MIN).unwrap();
    assert_eq!(kv.get_as::<i128>("k"), Ok(Some(i128::MIN)));
    kv.set_json("k", &i64::MIN).unwrap();
    assert_eq!(kv.get_as::<i64>("k"), Ok(Some(i64::MIN)));
    for (text, is_read) in [("9223372036854775808", false), ("1.0", false), ("1e3", false), ("12", true)] {
        kv.set("k", text).unwrap();
        assert_eq!(kv.get_as::<i64>("k").is_ok(), is_read, "{text}");
    }
    kv.set("k", "1e400").unwrap();
    assert_eq!(kv.get_as::<f64>("k").unwrap_err().kind(), omnikv::Kind::InvalidValue);
}
