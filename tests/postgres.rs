// PostgreSQL as a store: what is in its tables, what other programs may write there, how it is reached, and what happens
// when it fails. Every operation is tested by the conformance cases.

mod support;

use omnikv::backend::postgres::{Encryption, Pool, Settings, sql};
use omnikv::command::{Command, Expiry, Reply};
use omnikv::error::Kind;
use omnikv::{Options, RangeOptions, Result, Store, prelude::*};
use pollster::block_on;
use postgres::Client;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use support::postgres::{PASSWORD, PASSWORD_IN_URL, PostgresServer};
use support::proxy::Proxy;
use support::silent::SilentServer;

fn open(url: &str) -> Store {
    block_on(Store::connect(url, Options::new())).unwrap()
}

/// The part of a URL that names the schema.
fn schema(url: &str) -> &str {
    url.split_once("schema=").unwrap().1
}

fn one<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, query: &str) -> T {
    client.query_one(query, &[]).unwrap().get(0)
}

#[test]
fn other_programs_read_and_write_the_tables() {
    let server = PostgresServer::shared();
    let url = server.url();
    let (kv, table) = (open(&url), format!("{}.omnikv", schema(&url)));
    let mut sql = server.connect();
    block_on(async {
        kv.set("a", "Alice").await.unwrap();
        kv.hset("h", "name", "Zoë").await.unwrap();
        let text: String =
            one(&mut sql, &format!("SELECT convert_from(value, 'UTF8') FROM {table} WHERE key = 'a'"));
        assert_eq!(text, "Alice");
        let json: String =
            one(&mut sql, &format!("SELECT convert_from(value, 'UTF8') FROM {table} WHERE type = 'hash'"));
        assert_eq!(json, r#"{"name":"Zoë"}"#);
        sql.batch_execute(&format!("INSERT INTO {table} (key, value) VALUES ('b', 'Bob')")).unwrap();
        assert_eq!(kv.append("b", "by").await.unwrap(), 5);
        assert_eq!(kv.get("b").await.unwrap().as_deref(), Some("Bobby"));
        sql.batch_execute(&format!("INSERT INTO {table} VALUES ('c', '', 'stream')")).unwrap();
        let error = kv.get("c").await.unwrap_err();
        assert_eq!((error.kind(), error.backend()), (Kind::InvalidValue, "postgres"));
        let json = r#"{ "name": "Zoë", "n": 12345678901234567890, "name": "Zoe" }"#;
        put(&kv, "r", json).unwrap();
        let n: String = one(&mut sql, &format!("SELECT value ->> 'n' FROM {table}_records"));
        assert_eq!(n, "12345678901234567890");
        // The text stays as it was written, whatever JSON can say.
        assert_eq!(one::<String>(&mut sql, &format!("SELECT value::text FROM {table}_records")), json);
        put(&kv, "r", r#""\u0000\ud800""#).unwrap();
        assert_eq!(
            one::<String>(&mut sql, &format!("SELECT value::text FROM {table}_records")),
            r#""\u0000\ud800""#
        );
    });
}

fn put(kv: &Store, key: &str, value: &str) -> Result<Reply> {
    block_on(kv.execute(Command::RecordsPut {
        key: key.into(),
        version: -1,
        value: value.into(),
        kind: None,
        expiry: Expiry::Unstated,
    }))
}

#[test]
fn every_key_can_be_stored() {
    let server = PostgresServer::shared();
    let url = server.url();
    let kv = open(&url);
    let keys = [
        "\0",
        "\0a",
        "\u{1}",
        "\u{1}\u{1}",
        "\u{2}",
        " %_\\'\"",
        "a",
        "a\0",
        "ab",
        "\u{e9}",
        "\u{1f600}",
        "\u{10ffff}",
    ];
    block_on(async {
        for key in keys {
            kv.set(key, key).await.unwrap();
            put(&kv, key, "1").unwrap();
        }
        kv.set("l".repeat(512), "long").await.unwrap();
        kv.close().await.unwrap();
        let kv = open(&url);
        for key in keys {
            assert_eq!(kv.get(key).await.unwrap().as_deref(), Some(key));
        }
        kv.del([&"l".repeat(512)]).await.unwrap();
        assert_eq!(kv.keys("*").await.unwrap(), keys);
        let found = kv.range("a", None, RangeOptions::new()).await.unwrap();
        assert_eq!(found.len(), 3);
    });
    let long = Options { max_key_bytes: Some(2048), ..Options::new() };
    let kv = block_on(Store::connect(&url, long)).unwrap();
    // Letters that do not repeat, so that the index cannot compress them.
    let mut letters = fastrand::Rng::with_seed(1);
    let key: String = std::iter::repeat_with(|| letters.alphanumeric()).take(2048).collect();
    block_on(kv.set(&key, 1)).unwrap();
    assert_eq!(block_on(kv.get(&key)).unwrap().as_deref(), Some("1"));
}

#[test]
fn tables_are_created_once_however_many_begin() {
    let server = PostgresServer::shared();
    let schema = server.schema();
    thread::scope(|scope| {
        for number in 0..8 {
            let (server, schema) = (&server, &schema);
            scope.spawn(move || {
                // A pool of its own, as another process has.
                let settings = Settings { pool_size: 1, ..server.settings(schema) };
                let pool = Arc::new(Pool::native(settings).unwrap());
                let options = Options::new();
                let cells = omnikv::backend::postgres::open(pool, &options).unwrap();
                let kv = Store::over(Arc::new(cells), &options).unwrap();
                block_on(kv.set(format!("k{number}"), number)).unwrap();
            });
        }
    });
    let kv = open(&format!("{}?schema={schema}", server.url_of("postgres")));
    assert_eq!(block_on(kv.stats()).unwrap().keys, 8);
}

#[test]
fn newer_tables_are_refused_and_missing_ones_are_made_again() {
    let server = PostgresServer::shared();
    let url = server.url();
    let mut sql = server.connect();
    block_on(open(&url).set("a", 1)).unwrap();
    let kv = open(&url);
    sql.batch_execute(&format!("DROP SCHEMA {} CASCADE", schema(&url))).unwrap();
    block_on(kv.set("a", 2)).unwrap();
    assert_eq!(block_on(kv.get("a")).unwrap().as_deref(), Some("2"));
    block_on(kv.close()).unwrap();

    sql.batch_execute(&format!("UPDATE {}.omnikv_schema SET version = 1000", schema(&url))).unwrap();
    let error = block_on(open(&url).get("a")).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "{error}");
    assert!(error.message().contains("a newer omnikv"), "{error}");
}

#[test]
fn commits_sweep_expired_entries() {
    let server = PostgresServer::shared();
    let url = server.url();
    let (kv, mut sql) = (open(&url), server.connect());
    let table = format!("{}.omnikv", schema(&url));
    for number in 0..100 {
        block_on(kv.set_with(format!("k{number}"), 1, Duration::from_secs(60))).unwrap();
    }
    sql.batch_execute(&format!("UPDATE {table} SET deadline = 1")).unwrap();
    block_on(kv.set("a", 1)).unwrap();
    block_on(kv.set("b", 1)).unwrap();
    assert_eq!(one::<i64>(&mut sql, &format!("SELECT count(*) FROM {table}")), 2);
}

#[test]
fn the_server_s_clock_counts() {
    let server = PostgresServer::shared();
    let url = server.url();
    let (kv, mut sql) = (open(&url), server.connect());
    block_on(kv.set_with("a", 1, Duration::from_secs(1000))).unwrap();
    let left: f64 = one(
        &mut sql,
        &format!(
            "SELECT deadline / 1000.0::float8 - extract(epoch FROM now())::float8 FROM {}.omnikv",
            schema(&url)
        ),
    );
    assert!((990.0..=1000.0).contains(&left), "{left}");
}

#[test]
fn listings_and_sweeps_use_an_index() {
    let server = PostgresServer::shared();
    let url = server.url();
    let kv = open(&url);
    block_on(kv.set("a", 1)).unwrap();
    let mut client = server.connect();
    // Small tables are read as a whole otherwise.
    client.batch_execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan").unwrap();
    for (name, statement) in sql::OFTEN {
        let text = sql::text_in(schema(&url), statement);
        let prepared = client.prepare(&text).unwrap();
        let nothing = vec!["NULL"; prepared.params().len()].join(", ");
        client.batch_execute(&format!("PREPARE {name} AS {text}")).unwrap();
        let call = if nothing.is_empty() { String::new() } else { format!("({nothing})") };
        let plan = client.query(&format!("EXPLAIN EXECUTE {name}{call}"), &[]).unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let is_slow = |line: &String| {
            line.contains("Seq Scan") && !line.contains("omnikv_sequence")
                || line.contains("Sort") && !line.contains("Sort Key") && !name.starts_with("tasks")
        };
        assert!(!plan.iter().any(is_slow), "{name}: {plan:#?}");
    }
}

#[test]
fn failures_have_the_right_kind_and_show_no_secret() {
    let server = PostgresServer::shared();
    let port = server.port();
    let fails = |url: &str| {
        let kv = open(url);
        let error = block_on(kv.get("a")).unwrap_err();
        let shown = format!("{error:?} {error} {:?}", std::error::Error::source(&error));
        assert!(!shown.contains("s3cret") && !shown.contains(PASSWORD), "{shown}");
        error.kind()
    };
    assert_eq!(
        fails(&format!("postgres://postgres:s3cret@127.0.0.1:{port}/postgres")),
        Kind::PermissionDenied
    );
    assert_eq!(fails(&format!("postgres://postgres@127.0.0.1:{port}/postgres")), Kind::PermissionDenied);
    assert_eq!(
        fails(&format!("postgres://postgres:{PASSWORD_IN_URL}@127.0.0.1:{port}/nothing")),
        Kind::NotFound
    );
    assert_eq!(fails("postgres://u:s3cret@127.0.0.1:1/db?retries=0"), Kind::Unavailable);
    let silent = SilentServer::start(b"");
    assert_eq!(
        fails(&format!("postgres://u:s3cret@127.0.0.1:{}/db?timeout=0.3", silent.port)),
        Kind::Timeout
    );
    assert_eq!(fails(&format!("{}?sslmode=require", server.url_of("postgres"))), Kind::Unsupported);
    assert!(!format!("{:?}", server.settings("a")).contains(PASSWORD));

    let refused = |url: &str| block_on(Store::connect(url, Options::new())).err().map(|error| error.kind());
    for url in ["postgres://h/?x=1", "postgres://h/?pool_size=0", "postgres://h/?sslmode=maybe"] {
        assert_eq!(refused(url), Some(Kind::InvalidArgument), "{url}");
    }
    let bounded = Options { max_keys: Some(1), ..Options::new() };
    assert_eq!(
        block_on(Store::connect("postgres://h/", bounded)).err().map(|error| error.kind()),
        Some(Kind::Unsupported)
    );
}

#[test]
fn a_user_needs_no_more_than_the_tables() {
    let server = PostgresServer::shared();
    let url = server.url();
    block_on(open(&url).set("a", 1)).unwrap();
    let schema = schema(&url);
    let mut sql = server.connect();
    sql.batch_execute(&format!("CREATE ROLE {schema}_user LOGIN PASSWORD '{PASSWORD}'")).unwrap();
    let limited = open(&format!("{}?schema={schema}&retries=0", server.url_of(&format!("{schema}_user"))));
    assert_eq!(block_on(limited.get("a")).unwrap_err().kind(), Kind::PermissionDenied);
    sql.batch_execute(&format!(
        "GRANT USAGE ON SCHEMA {schema} TO {schema}_user; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {schema}_user"
    ))
    .unwrap();
    block_on(limited.incr("a")).unwrap();
    put(&limited, "r", "1").unwrap();
}

#[test]
fn a_client_recovers_when_the_server_restarts() {
    let mut server = PostgresServer::start();
    // On a busy machine a restart takes long.
    let kv = open(&format!("{}&retries=100&timeout=60", server.url()));
    let read = |kv: &Store| block_on(kv.get("a")).unwrap();
    block_on(kv.set("a", 1)).unwrap();
    server.stop();
    let error = block_on(open(&format!("{}?retries=0", server.url_of("postgres"))).get("a")).unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, false));
    server.restart();
    assert_eq!(read(&kv).as_deref(), Some("1"));
    server.kill();
    let later = thread::spawn({
        let kv = kv.clone();
        move || block_on(kv.incr("a"))
    });
    server.restart();
    assert_eq!(later.join().unwrap().unwrap(), 2);
    assert_eq!(read(&kv).as_deref(), Some("2"));
}

/// Calls whose answers are lost on their way happen once.
#[test]
fn a_lost_answer_is_found_again() {
    let server = PostgresServer::shared();
    let proxy = Proxy::start(server.port());
    let schema = server.schema();
    let url = format!(
        "postgres://postgres:{PASSWORD_IN_URL}@127.0.0.1:{}/postgres?schema={schema}&pool_size=1",
        proxy.port
    );
    let kv = open(&url);
    block_on(kv.incr("n")).unwrap();
    put(&kv, "r", "0").unwrap();
    let table = format!("{schema}.omnikv");
    let mut sql = server.connect();
    for round in 1..=10 {
        // Only a commit contains the type.
        proxy.lose(b"string", b"");
        assert_eq!(block_on(kv.incr("n")).unwrap(), round + 1);
    }
    for round in 1..=10_u64 {
        // With the length before it, it is the answer to the last statement.
        proxy.lose(b"", b"C\0\0\0\x0bCOMMIT");
        put(&kv, "r", &round.to_string()).unwrap();
    }
    assert_eq!(proxy.lost(), 20);
    assert_eq!(one::<i64>(&mut sql, &format!("SELECT count(*) FROM {table}_changes")), 11);
    assert_eq!(one::<i64>(&mut sql, &format!("SELECT version FROM {table}_records")), 11);
    assert_eq!(one::<String>(&mut sql, &format!("SELECT convert_from(value, 'UTF8') FROM {table}")), "11");
}

/// A reader of the stream meets every change: none becomes visible after one with a greater number.
#[test]
fn changes_become_visible_in_their_order() {
    let server = PostgresServer::shared();
    let url = server.url();
    let kv = open(&url);
    put(&kv, "first", "0").unwrap();
    let settings = server.settings(schema(&url));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let pool = Arc::new(Pool::native(settings.clone()).unwrap());
                scope.spawn(move || {
                    let options = Options::new();
                    let cells = omnikv::backend::postgres::open(pool, &options).unwrap();
                    let kv = Store::over(Arc::new(cells), &options).unwrap();
                    for number in 0..50 {
                        put(&kv, &format!("{writer}:{number}"), "1").unwrap();
                    }
                })
            })
            .collect();
        let mut seen = 0;
        let mut sql = server.connect();
        let text = format!("SELECT seq FROM {}.omnikv_changes WHERE seq > $1 ORDER BY seq", schema(&url));
        loop {
            let is_over = writers.iter().all(|writer| writer.is_finished());
            for row in sql.query(&text, &[&seen]).unwrap() {
                let seq: i64 = row.get(0);
                assert_eq!(seq, seen + 1, "every number is a change here");
                seen = seq;
            }
            if is_over {
                break;
            }
        }
        assert_eq!(seen, 201);
    });
}

#[test]
fn connections_are_encrypted_as_the_url_says() {
    let issuer = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (issuer.cert.pem(), issuer.signing_key.serialize_pem());
    let server =
        PostgresServer::start_with(&["ssl=on", "ssl_cert_file=../cert", "ssl_key_file=../key"], |folder| {
            std::fs::write(folder.join("cert"), &cert).unwrap();
            std::fs::write(folder.join("key"), &key).unwrap();
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(folder.join("key"), PermissionsExt::from_mode(0o600)).unwrap();
        });
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &cert).unwrap();
    let ca = ca.display();
    let mut sql = server.connect();
    for (parameters, expected) in [
        ("sslmode=disable".to_owned(), Ok(false)),
        ("".to_owned(), Ok(true)),
        ("sslmode=prefer".to_owned(), Ok(true)),
        ("sslmode=require".to_owned(), Ok(true)),
        ("sslmode=verify-full".to_owned(), Err(Kind::PermissionDenied)),
        (format!("sslmode=verify-full&sslrootcert={ca}"), Ok(true)),
        (format!("sslrootcert={ca}"), Ok(true)),
    ] {
        let url = server.url_of("postgres").replace("127.0.0.1", "localhost");
        let kv = open(&format!("{url}?application_name=tls&retries=0&{parameters}"));
        let got = block_on(kv.set("a", 1)).map_err(|error| error.kind());
        let encrypted = got.map(|_| {
            let text = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'tls'";
            one::<bool>(&mut sql, text)
        });
        assert_eq!(encrypted, expected, "{parameters}");
        block_on(kv.close()).unwrap();
        drop(kv);
        let gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tls'";
        while one::<i64>(&mut sql, gone) > 0 {}
    }
    // A certificate for another name.
    let url = format!("{}?sslrootcert={ca}&sslmode=verify-full&retries=0", server.url_of("postgres"));
    assert_eq!(block_on(open(&url).get("a")).unwrap_err().kind(), Kind::PermissionDenied);
    assert_ne!(server.settings("a").encryption, Encryption::IfPossible);
}
