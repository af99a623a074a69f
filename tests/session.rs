// Sessions answer byte by byte as a real redis-server does: random commands of two connections with transactions and
// watched keys, in both versions of the protocol; and bytes that are no commands.

mod support;

use fastrand::Rng;
use omnikv::session::{Options, Progress, Server, Session};
use omnikv::{Capabilities, Store};
use pollster::block_on;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use support::redis::RedisServer;

/// A reply with its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frame {
    Line(char, String),
    Bulk(char, Vec<u8>),
    Many(char, Vec<Frame>),
}

/// The reply at the beginning of the bytes, and its length; nothing if it has not wholly arrived.
fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (kind, line) = (char::from(bytes[0]), String::from_utf8_lossy(&bytes[1..end]).into_owned());
    let mut at = end + 2;
    let length: i64 = line.parse().unwrap_or(0);
    let found = match kind {
        '+' | '-' | ':' | ',' | '_' | '#' | '(' => Frame::Line(kind, line),
        '$' | '*' if length < 0 => Frame::Line(kind, line),
        '$' | '=' => {
            let content = bytes.get(at..at + length as usize)?.to_vec();
            at += length as usize + 2;
            bytes.get(at - 1)?;
            Frame::Bulk(kind, content)
        }
        '*' | '~' | '%' | '>' => {
            let count = if kind == '%' { 2 * length } else { length };
            let mut items = Vec::new();
            for _ in 0..count {
                let (item, length) = frame(bytes.get(at..)?)?;
                items.push(item);
                at += length;
            }
            Frame::Many(kind, items)
        }
        other => panic!("no reply begins with {other:?}: {:?}", String::from_utf8_lossy(bytes)),
    };
    Some((found, at))
}

/// A real server's connection.
struct Theirs(TcpStream);

impl Theirs {
    fn new(server: &RedisServer) -> Theirs {
        let socket = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        // A reply that does not come is a failure, not a wait.
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Theirs(socket)
    }

    /// Sends bytes, and reads so many replies.
    fn say(&mut self, bytes: &[u8], count: usize) -> Vec<Frame> {
        self.0.write_all(bytes).unwrap();
        let (mut received, mut found) = (Vec::new(), Vec::new());
        while found.len() < count {
            let mut part = [0; 4096];
            let length = self.0.read(&mut part).unwrap_or(0);
            assert!(length > 0, "no reply to {:?} after {found:?}", String::from_utf8_lossy(bytes));
            received.extend_from_slice(&part[..length]);
            while let Some((reply, length)) = frame(&received) {
                found.push(reply);
                received.drain(..length);
            }
        }
        assert!(received.is_empty() && found.len() == count);
        found
    }
}

fn ours(session: &mut Session, bytes: &[u8]) -> Vec<Frame> {
    session.input().extend_from_slice(bytes);
    while block_on(session.advance()) == Progress::Continues {}
    let mut output = std::mem::take(session.output());
    let mut found = Vec::new();
    while !output.is_empty() {
        let (reply, length) = frame(&output).expect("whole replies");
        found.push(reply);
        output.drain(..length);
    }
    found
}

fn server(url: &str, options: Options) -> Arc<Server> {
    Server::new(&block_on(Store::connect(url, omnikv::Options::default())).unwrap(), options).unwrap()
}

fn encode(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Commands with places to fill: S, L, H, T, Z are keys of these types, K of any; V is a value, M a member, F a field, I
/// a small integer, N one that is not negative.
const COMMANDS: &str = "SET $S $V|SET $S $V NX|SET $K $V XX|SET $S $V GET|SET $S $V EX 100|GET $K|GETSET $S $V|GETDEL $S|\
    GETEX $S|APPEND $S $V|STRLEN $S|GETRANGE $S $I $I|SETRANGE $S $N $V|INCR $S|INCRBY $S $I|DECR $S|SETNX $S $V|MGET $S $K $S|\
    MSET $S $V $S $V|MSETNX $S $V $S $V|SETEX $S 100 $V|PSETEX $S 0 $V|GETBIT $S $N|SUBSTR $S 0 $I|\
    DEL $K|DEL $K $K|UNLINK $K|EXISTS $K $K|TYPE $K|EXPIRE $K 100|EXPIRE $K 0|PERSIST $K|TOUCH $K|DBSIZE|OBJECT ENCODING $L|\
    LPUSH $L $V $V|RPUSH $L $V|LPUSHX $L $V|RPUSHX $L $V|LPOP $L|RPOP $L|LPOP $L $N|RPOP $L $N|LRANGE $L $I $I|LLEN $L|\
    LINDEX $L $I|LSET $L $I $V|LREM $L $I $V|LTRIM $L $I $I|LINSERT $L BEFORE $V $V|LINSERT $L AFTER $V $V|LPOS $L $V|\
    LPOS $L $V COUNT 0|LMOVE $L $L LEFT RIGHT|RPOPLPUSH $L $L|LMPOP 2 $L $L LEFT COUNT 2|LMPOP 1 $K RIGHT|\
    HSET $H $F $V|HSET $H $F $V $F $V|HMSET $H $F $V|HGET $H $F|HMGET $H $F $F|HGETALL $H|HDEL $H $F|HEXISTS $H $F|HLEN $H|\
    HKEYS $H|HVALS $H|HSTRLEN $H $F|HINCRBY $H $F $I|HSETNX $H $F $V|HRANDFIELD $H 20 WITHVALUES|HRANDFIELD $H 20|\
    SADD $T $M $M|SREM $T $M|SMEMBERS $T|SISMEMBER $T $M|SMISMEMBER $T $M $M|SCARD $T|SMOVE t0 t1 $M|SINTER $T $T|SUNION $T $T|\
    SDIFF $T $T|SINTERSTORE $T $T $T|SUNIONSTORE $T $T $T|SDIFFSTORE $T $T $T|SINTERCARD 2 $T $T|SRANDMEMBER $T 20|\
    SPOP $T 20|ZADD $Z CH $I $M|ZADD $Z CH $I $M $I.5 $M|ZADD $Z NX CH $I $M|ZADD $Z INCR $I $M|ZADD $Z XX INCR $I $M|\
    ZINCRBY $Z $I $M|ZSCORE $Z $M|ZMSCORE $Z $M $M|ZCARD $Z|ZRANK $Z $M|ZREVRANK $Z $M|ZRANGE $Z 0 -1|ZRANGE $Z 0 -1 WITHSCORES|\
    ZRANGE $Z -inf +inf BYSCORE WITHSCORES|ZREVRANGE $Z 0 -1 WITHSCORES|ZRANGEBYSCORE $Z $I +inf|ZCOUNT $Z $I +inf|ZREM $Z $M|\
    ZREMRANGEBYRANK $Z 0 $I|ZPOPMIN $Z|ZPOPMAX $Z|ZPOPMIN $Z 2|ZPOPMAX $Z 0|ZMPOP 2 $Z $Z MIN COUNT 2|ZMPOP 1 $Z MAX|\
    ZUNION 2 $Z $Z WITHSCORES|ZINTER 2 $Z $Z|ZDIFF 2 $Z $Z WITHSCORES|ZUNIONSTORE $Z 2 $Z $Z|ZRANDMEMBER $Z 20 WITHSCORES|\
    RENAME s0 s1|RENAMENX l0 l1|COPY $S s2|FLUSHALL|FLUSHDB ASYNC|KEYS *|PING|PING $V|ECHO $V|SELECT 0|SELECT 1000|SELECT x|\
    CLIENT SETNAME $F|CLIENT GETNAME|CLIENT NO-EVICT ON|CLIENT BOGUS|CLIENT SETNAME|CLIENT KILL ID 0|CLIENT UNBLOCK 9999|\
    AUTH x|AUTH default x|AUTH other x|HELLO 2|HELLO 3|HELLO 3|HELLO x|HELLO 4|HELLO 3 BOGUS|HELLO 3 SETNAME|RESET|WAIT 0 0|\
    WAIT x 0|NOSUCH $V|GET|SET $S|SET $S $V BOGUS|INCRBY $S x|LPUSH $L|CONFIG GET save|CONFIG SET|MEMORY BOGUS|SLOWLOG RESET|\
    COMMAND GETKEYS MSET a 1 b 2|CLUSTER INFO|ROLE|FUNCTION FLUSH";

/// What is said often, or these comparisons would rarely see a transaction that runs.
const TRANSACTIONS: &str = "MULTI|MULTI|EXEC|EXEC|EXEC|DISCARD|WATCH $K|WATCH $K $K|WATCH $S $T|UNWATCH";

/// Commands whose replies have no order; with the width of their items.
const UNORDERED: [(&str, usize); 13] = [
    ("HGETALL", 2),
    ("HKEYS", 1),
    ("HVALS", 1),
    ("HRANDFIELD", 1),
    ("SMEMBERS", 1),
    ("SINTER", 1),
    ("SUNION", 1),
    ("SDIFF", 1),
    ("SPOP", 1),
    ("SRANDMEMBER", 1),
    ("ZRANDMEMBER", 1),
    ("KEYS", 1),
    ("HRANDFIELD2", 2),
];

fn draw(rng: &mut Rng) -> Vec<String> {
    let list = if rng.usize(..4) == 0 { TRANSACTIONS } else { COMMANDS };
    let commands: Vec<&str> = list.split('|').collect();
    let template = commands[rng.usize(..commands.len())];
    let mut pick = |from: &[&str]| from[rng.usize(..from.len())].to_owned();
    let fill = |word: &str| match word {
        "$S" => pick(&["s0", "s1"]),
        "$L" => pick(&["l0", "l1"]),
        "$H" => pick(&["h0"]),
        "$T" => pick(&["t0", "t1"]),
        "$Z" => pick(&["z0", "z1"]),
        "$K" => pick(&["s0", "s1", "l0", "l1", "h0", "t0", "t1", "z0", "z1", "none"]),
        "$V" => pick(&["a", "b", "c", "7", "-3", "a\r\nb"]),
        "$M" | "$F" => pick(&["a", "b", "c"]),
        "$I" => pick(&["0", "1", "2", "-1", "-2"]),
        "$I.5" => pick(&["0.5", "1.5", "-2.5"]),
        "$N" => pick(&["0", "1", "2", "3"]),
        word => word.to_owned(),
    };
    let words: Vec<String> = template.split(' ').map(fill).collect();
    words
}

/// The reply without what may differ.
fn settled(words: &[String], reply: Frame) -> Frame {
    let name = words[0].to_ascii_uppercase();
    match reply {
        // Identifiers and versions.
        Frame::Many(kind, items) if name == "HELLO" => Frame::Line(kind, items.len().to_string()),
        Frame::Many(kind, items) => {
            let pairs = name == "HRANDFIELD" && words.len() == 4 || name == "ZRANDMEMBER" && words.len() == 4;
            let is_flat = items.iter().all(|item| !matches!(item, Frame::Many(..)));
            let width = match UNORDERED.iter().find(|(known, _)| *known == name) {
                Some(_) if pairs && is_flat => 2,
                Some((_, width)) => *width,
                None => return Frame::Many(kind, items),
            };
            let mut groups: Vec<Vec<Frame>> = items.chunks(width).map(<[Frame]>::to_vec).collect();
            groups.sort();
            Frame::Many(kind, groups.concat())
        }
        other => other,
    }
}

/// Two conversations of one client each, with both servers.
fn compare(redis: &RedisServer, seed: u64, url: &str) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let here = server(url, Options::default());
    let mut theirs = [Theirs::new(redis), Theirs::new(redis)];
    theirs[0].say(&encode(&[b"FLUSHALL"]), 1);
    let mut sessions = [0, 1].map(|n| here.session(format!("127.0.0.1:{n}"), "127.0.0.1:0".into()));
    // What each has queued, to know which reply is whose.
    let mut queued: [Option<Vec<Vec<String>>>; 2] = [None, None];
    let mut log = Vec::new();
    for _ in 0..60 {
        let who = rng.usize(..2);
        let lines: Vec<Vec<String>> = (0..rng.usize(1..=3)).map(|_| draw(&mut rng)).collect();
        let bytes: Vec<u8> = lines
            .iter()
            .flat_map(|words| encode(&words.iter().map(String::as_bytes).collect::<Vec<_>>()))
            .collect();
        let expected = theirs[who].say(&bytes, lines.len());
        let found = ours(&mut sessions[who], &bytes);
        assert_eq!(found.len(), expected.len(), "seed {seed}: {lines:?} after {log:?}");
        for ((words, expected), found) in lines.into_iter().zip(expected).zip(found) {
            log.push(format!("{who}: {}", words.join(" ")));
            let is_queued = expected == Frame::Line('+', "QUEUED".into());
            let (expected, found) = match (words[0].as_str(), queued[who].take()) {
                ("MULTI", None) => {
                    queued[who] = Some(Vec::new());
                    (expected, found)
                }
                ("EXEC", Some(all)) => {
                    let each = |reply: Frame| match reply {
                        Frame::Many(kind, items) => {
                            assert_eq!(items.len(), all.len(), "seed {seed}: {log:?}");
                            let items = all.iter().zip(items);
                            Frame::Many(kind, items.map(|(words, item)| settled(words, item)).collect())
                        }
                        other => other,
                    };
                    (each(expected), each(found))
                }
                ("DISCARD" | "RESET", Some(_)) => (expected, found),
                (_, mut before) => {
                    if let (true, Some(all)) = (is_queued, &mut before) {
                        all.push(words.clone());
                    }
                    queued[who] = before;
                    (settled(&words, expected), settled(&words, found))
                }
            };
            if found != expected {
                return Err(format!(
                    "seed {seed}: {found:?} instead of {expected:?}\n  after {}",
                    log.join("\n  ")
                ));
            }
        }
    }
    Ok(())
}

/// Every seed from this one is tried in the loop of `all_seeds`; here a sample of each run.
#[test]
fn random_conversations() {
    let redis = RedisServer::start();
    let first = Rng::new().u64(..1 << 40);
    println!("seeds from {first}");
    for seed in first..first + 60 {
        compare(&redis, seed, "memory:").unwrap();
    }
}

/// `SEEDS=0..5000 cargo test --test session all_seeds -- --ignored`
#[test]
#[ignore = "takes as long as it is told to"]
fn all_seeds() {
    let redis = RedisServer::start();
    let range = std::env::var("SEEDS").unwrap_or_else(|_| "0..2000".into());
    let (first, end) = range.split_once("..").expect("a range");
    let seeds = first.parse().unwrap()..end.parse().unwrap();
    let failed: Vec<String> = seeds.filter_map(|seed| compare(&redis, seed, "memory:").err()).collect();
    assert!(failed.is_empty(), "{}\n{} seeds", failed.join("\n"), failed.len());
}

/// The texts of numbers, with as many digits as both servers surely have.
fn rounded(frame: Frame) -> Frame {
    let shorter = |text: &str| text.parse().map(|number: f64| format!("{number:.10}"));
    match frame {
        Frame::Line(',', text) => Frame::Line(',', shorter(&text).unwrap()),
        Frame::Bulk(kind, text) => match str::from_utf8(&text).ok().and_then(|text| shorter(text).ok()) {
            Some(number) => Frame::Bulk(kind, number.into_bytes()),
            None => Frame::Bulk(kind, text),
        },
        Frame::Many(kind, items) => Frame::Many(kind, items.into_iter().map(rounded).collect()),
        line => line,
    }
}

/// Places, bitmaps and HyperLogLogs, in both versions of the protocol.
#[test]
fn kinds_of_replies() {
    let redis = RedisServer::start();
    for version in ["2", "3"] {
        let mut theirs = Theirs::new(&redis);
        let mut session = server("memory:", Options::default()).session("a".into(), "b".into());
        let hello = encode(&[b"HELLO", version.as_bytes()]);
        assert_eq!(theirs.say(&hello, 1).len(), ours(&mut session, &hello).len());
        for line in [
            "FLUSHALL",
            "GEOADD g 13.361389 38.115556 P 15.087269 37.502669 C",
            "GEOADD g NX CH 1 2 z",
            "GEOPOS g P x",
            "GEOPOS none P",
            "GEODIST g P C km",
            "GEODIST g P x",
            "GEOHASH g P x",
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC",
            "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST",
            "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST WITHHASH",
            "GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km WITHCOORD",
            "GEORADIUS g 15 37 200 km WITHCOORD ASC",
            "GEOSEARCHSTORE d g FROMMEMBER P BYBOX 400 400 km",
            "SET b foobar",
            "BITCOUNT b",
            "BITPOS b 1",
            "BITFIELD b GET u8 0 OVERFLOW FAIL SET u2 0 9",
            "BITOP NOT n b",
            "SETBIT b 1 0",
            "PFADD h a b c",
            "PFCOUNT h",
            "PFMERGE m h",
        ] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let bytes = encode(&words);
            let (theirs, ours) = (theirs.say(&bytes, 1), ours(&mut session, &bytes));
            let [theirs, ours] =
                [theirs, ours].map(|frames| frames.into_iter().map(rounded).collect::<Vec<_>>());
            assert_eq!(ours, theirs, "{line} in version {version}");
        }
    }
}

#[test]
fn silence_and_quotes() {
    let redis = RedisServer::start();
    for lines in [
        "CLIENT REPLY SKIP\r\nSET k v\r\nGET k\r\nECHO end\r\n",
        "CLIENT REPLY OFF\r\nSET k w\r\nCLIENT REPLY SKIP\r\nGET k\r\nCLIENT REPLY ON\r\nECHO end\r\n",
        "CLIENT REPLY OFF\r\nMULTI\r\nSET k w\r\nEXEC\r\nCLIENT REPLY ON\r\nECHO end\r\n",
        "CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\nECHO end\r\n",
        "SET \"a b\" 'c\\'d'\r\n\r\n  GET \"a b\"  \r\nECHO end\r\n",
        "CLIENT REPLY SKIP\r\nNOSUCH\r\nECHO end\r\n",
    ] {
        let mut theirs = Theirs::new(&redis);
        let mut session = server("memory:", Options::default()).session(String::new(), String::new());
        let mine = ours(&mut session, lines.as_bytes());
        assert_eq!(mine, theirs.say(lines.as_bytes(), mine.len()), "{lines}");
        assert_eq!(mine.last(), Some(&Frame::Bulk('$', b"end".to_vec())), "{lines}");
    }
}

#[test]
fn what_is_no_command_ends_the_connection() {
    let redis = RedisServer::start();
    let long = ["*1\r\n$", "9".repeat(70_000).as_str()].concat();
    for bytes in [
        "*1\r\n:1\r\n",
        "*1\r\nxy\r\n",
        "*1\r\n$x\r\n",
        "*1\r\n$-2\r\n",
        "*x\r\n",
        "*99999999999\r\n",
        "PING\r\n*3\r\n$3\r\nSET\r\nx\r\n",
        "GET \"a\r\n",
        "GET 'a'b\r\n",
        &long,
    ] {
        let mut theirs = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
        theirs.write_all(bytes.as_bytes()).unwrap();
        let mut expected = Vec::new();
        theirs.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The rest of the input may be refused by a reset.
        _ = theirs.read_to_end(&mut expected);
        let mut session = server("memory:", Options::default()).session(String::new(), String::new());
        session.input().extend_from_slice(bytes.as_bytes());
        assert_eq!(block_on(session.advance()), Progress::Ends, "{bytes:.50}");
        assert_eq!(
            String::from_utf8_lossy(session.output()),
            String::from_utf8_lossy(&expected),
            "{bytes:.50}"
        );
    }
}

#[test]
fn strangers_say_the_password_first() {
    let redis = RedisServer::start_with(&["--requirepass", "secret"]);
    let options = Options { password: Some("secret".into()), ..Options::default() };
    let here = server("memory:", options);
    for lines in [
        &["GET k", "PING", "AUTH wrong", "GET k", "AUTH secret", "GET k", "RESET", "GET k", "NOSUCH"][..],
        &["HELLO 3", "HELLO 3 AUTH default wrong", "HELLO 3 AUTH default secret", "GET k"],
        &[
            "AUTH other secret",
            "AUTH default secret",
            "PING",
            "AUTH a b c",
            "HELLO 2 SETNAME x",
            "CLIENT GETNAME",
        ],
        &["MULTI", "WATCH k", "EXEC"],
    ] {
        let (mut theirs, mut session) = (Theirs::new(&redis), here.session(String::new(), String::new()));
        for line in lines {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let bytes = format!("{line}\r\n");
            let expected = theirs.say(bytes.as_bytes(), 1).pop().unwrap();
            let found = ours(&mut session, bytes.as_bytes()).pop().unwrap();
            if line != &"NOSUCH" {
                assert_eq!(settled(&words, found), settled(&words, expected), "{line}");
            }
        }
    }
    let mut session = here.session(String::new(), String::new());
    session.input().extend_from_slice(b"*11\r\n");
    assert_eq!(block_on(session.advance()), Progress::Ends);
    let mut session = here.session(String::new(), String::new());
    session.input().extend_from_slice(b"*2\r\n$4\r\nAUTH\r\n$20000\r\n");
    assert_eq!(block_on(session.advance()), Progress::Ends);
}

#[test]
fn any_bytes_are_survived_in_bounded_memory() {
    let seed = Rng::new().u64(..);
    println!("seed {seed}");
    let mut rng = Rng::with_seed(seed);
    let options = Options { max_word_bytes: 2000, max_command_bytes: 4000, ..Options::default() };
    let here = server("memory:", options);
    for _ in 0..3000 {
        let mut session = here.session(String::new(), String::new());
        let mut bytes: Vec<u8> = (0..rng.usize(1..8))
            .flat_map(|_| encode(&draw(&mut rng).iter().map(String::as_bytes).collect::<Vec<_>>()))
            .collect();
        for _ in 0..rng.usize(..4) {
            let at = rng.usize(..bytes.len());
            match rng.usize(..4) {
                0 => bytes[at] = rng.u8(..),
                1 => bytes.truncate(at.max(1)),
                2 => bytes.insert(at, b"0123456789\r\n*$"[rng.usize(..14)]),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                bytes.push(b'*');
            }
        }
        for part in bytes.chunks(rng.usize(1..50)) {
            session.input().extend_from_slice(part);
            let progress = block_on(session.advance());
            let mut output = std::mem::take(session.output());
            while let Some((_, length)) = frame(&output) {
                output.drain(..length);
                if output.is_empty() {
                    break;
                }
            }
            assert!(output.is_empty(), "seed {seed}: whole replies to {:?}", String::from_utf8_lossy(&bytes));
            if progress == Progress::Ends {
                break;
            }
        }
    }
    // A command without end is refused before it is too large.
    let mut session = here.session(String::new(), String::new());
    session.input().extend_from_slice(b"*1000000\r\n");
    let mut most = 0;
    for _ in 0..10_000 {
        session.input().extend_from_slice(b"$9\r\n123456789\r\n");
        most = most.max(session.input().capacity());
        if block_on(session.advance()) == Progress::Ends {
            break;
        }
    }
    assert!(most < 10_000, "{most}");
    assert_eq!(block_on(session.advance()), Progress::Ends);
    // So is a transaction.
    let mut session = here.session(String::new(), String::new());
    let replies =
        ours(&mut session, ["MULTI\r\n", "SET k v\r\n".repeat(100).as_str(), "EXEC\r\n"].concat().as_bytes());
    assert!(
        matches!(&replies[100], Frame::Line('-', text) if text.starts_with("ERR too-large")),
        "{replies:?}"
    );
    assert!(matches!(&replies[101], Frame::Line('-', text) if text.starts_with("EXECABORT")), "{replies:?}");
}

#[test]
fn watch_on_a_store_that_others_change() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("data.db").display());
    let here = server(&url, Options::default());
    let other = block_on(Store::connect(&url, omnikv::Options::default())).unwrap();
    let mut session = here.session(String::new(), String::new());
    let mut say = |line: &str| ours(&mut session, format!("{line}\r\n").as_bytes()).pop().unwrap();
    let of = |kind, text: &str| Frame::Line(kind, text.into());
    let set = |value: &str| {
        let command = omnikv::command::Command::parse(&["SET", "n", value]).unwrap();
        block_on(other.execute(command)).unwrap();
    };
    set("1");
    assert_eq!([say("WATCH n"), say("MULTI"), say("INCR n")].last(), Some(&of('+', "QUEUED")));
    set("2");
    assert_eq!(say("EXEC"), of('*', "-1"));
    assert_eq!([say("WATCH n"), say("MULTI"), say("INCR n")].last(), Some(&of('+', "QUEUED")));
    assert_eq!(say("EXEC"), Frame::Many('*', vec![of(':', "3")]));
    say("RPUSH l a");
    let Frame::Line('-', text) = say("WATCH l") else { panic!() };
    assert!(text.starts_with("ERR unsupported: ") && text.contains("memory:"), "{text}");
    let capabilities: Capabilities = other.capabilities();
    assert!(capabilities.atomic);
}
