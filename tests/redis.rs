// Redis over TCP, beyond the conformance cases: concurrent callers, servers that stop and restart, passwords, TLS.

mod support;

use omnikv::command::{Command, Reply};
use omnikv::error::Kind;
use omnikv::host::socket::Tls;
use omnikv::{Options, RangeOptions, Remote, ScanOptions, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use support::redis::{RedisServer, free_port};

fn url(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}

/// How the server is reached.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// With the redis crate.
    Native,
    /// Over sockets of the host.
    Lent,
}

fn open(way: Way, url: &str) -> Store {
    open_with(way, url, Remote::default())
}

fn open_with(way: Way, url: &str, remote: Remote) -> Store {
    let network = (way == Way::Lent).then(|| support::sockets::network(Some(1)));
    let remote = Remote { network, ..remote };
    block_on(Store::connect(url, Options { remote, ..Options::default() })).unwrap()
}

/// Defines each test in both variants.
macro_rules! by_both_ways {
    ($($name:ident)*) => {
        mod native {
            $(#[test]
            fn $name() {
                super::$name(super::Way::Native);
            })*
        }
        mod lent_sockets {
            $(#[test]
            fn $name() {
                super::$name(super::Way::Lent);
            })*
        }
    };
}

by_both_ways! {
    concurrent_callers_share_a_connection
    a_server_restart_loses_and_doubles_nothing
    after_an_idle_restart_the_first_write_works
    a_stopped_server_is_unavailable
    a_silent_server_times_out
    keys_of_others_that_are_no_text_do_not_stop_a_listing
    users_passwords_and_databases
    what_a_url_holds_can_be_an_option_or_a_parameter
    what_the_platform_says_is_the_source
}

fn concurrent_callers_share_a_connection(way: Way) {
    let server = RedisServer::start();
    let kv = Arc::new(open(way, &url(&server)));
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let kv = Arc::clone(&kv);
            thread::spawn(move || {
                for round in 0..100 {
                    block_on(kv.incr("all")).unwrap();
                    let key = format!("own:{caller}");
                    block_on(kv.set(&*key, round)).unwrap();
                    assert_eq!(block_on(kv.get(&*key)).unwrap(), Some(round.to_string()));
                }
            })
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    assert_eq!(block_on(kv.get("all")).unwrap().as_deref(), Some("1600"));
    assert_eq!(connections(&server), 1);

    // The same URL shares a connection; another database has its own.
    let again = open(way, &url(&server));
    assert!(block_on(again.exists("all")).unwrap());
    assert_eq!(connections(&server), 1);
    let other = open(way, &format!("{}/3", url(&server)));
    assert_eq!(block_on(other.get("all")).unwrap(), None);
    assert_eq!(connections(&server), 2);
    block_on(kv.close()).unwrap();
    assert_eq!(block_on(kv.get("all")).unwrap_err().kind(), Kind::Closed);
    assert_eq!(block_on(again.get("all")).unwrap().as_deref(), Some("1600"));
    block_on(again.close()).unwrap();
    block_on(other.close()).unwrap();
    // The server notices it a little later.
    while connections(&server) != 0 {
        thread::sleep(Duration::from_millis(10));
    }
}

/// The server's number of connections, except this one.
fn connections(server: &RedisServer) -> usize {
    let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut server.connect()).unwrap();
    list.lines().count() - 1
}

fn a_server_restart_loses_and_doubles_nothing(way: Way) {
    // The server keeps what it has acknowledged.
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let kv = Arc::new(open(way, &url(&server)));
    let (acknowledged, in_doubt) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let is_over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (kv, acknowledged, in_doubt, is_over) =
                (Arc::clone(&kv), Arc::clone(&acknowledged), Arc::clone(&in_doubt), Arc::clone(&is_over));
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    match block_on(kv.incr("n")) {
                        Ok(_) => acknowledged.fetch_add(1, Ordering::Relaxed),
                        Err(error) if error.is_maybe_applied() => in_doubt.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
                            0
                        }
                    };
                    // Commands that may be repeated never fail as possibly applied.
                    let _ = block_on(kv.get("n"));
                }
            })
        })
        .collect();
    for _ in 0..3 {
        let before = acknowledged.load(Ordering::Relaxed);
        while acknowledged.load(Ordering::Relaxed) < before + 50 {
            thread::yield_now();
        }
        server.kill();
        server.restart();
    }
    let before = acknowledged.load(Ordering::Relaxed);
    while acknowledged.load(Ordering::Relaxed) < before + 50 {
        thread::yield_now();
    }
    is_over.store(true, Ordering::Relaxed);
    callers.into_iter().for_each(|caller| caller.join().unwrap());
    let counted: u64 = block_on(kv.get("n")).unwrap().unwrap().parse().unwrap();
    let (acknowledged, in_doubt) = (acknowledged.load(Ordering::Relaxed), in_doubt.load(Ordering::Relaxed));
    println!("{counted} counted, {acknowledged} acknowledged, {in_doubt} in doubt");
    assert!(counted >= acknowledged, "{counted} counted, {acknowledged} acknowledged");
    assert!(
        counted <= acknowledged + in_doubt,
        "{counted} counted, {acknowledged} acknowledged, {in_doubt} in doubt"
    );
}

fn after_an_idle_restart_the_first_write_works(way: Way) {
    let mut server = RedisServer::start();
    let kv = open(way, &url(&server));
    block_on(kv.incr("n")).unwrap();
    server.kill();
    // A client that writes before it has noticed cannot know whether the write was applied.
    server.wait_for_clients_to_notice();
    server.restart();
    assert_eq!(block_on(kv.incr("n")).unwrap(), 1);
}

fn a_stopped_server_is_unavailable(way: Way) {
    let url = format!("redis://user:secret@127.0.0.1:{}", free_port());
    let remote = Remote { retries: Some(1), ..Remote::default() };
    let kv = open_with(way, &url, remote);
    let error = block_on(kv.incr("n")).unwrap_err();
    assert_eq!(
        (error.kind(), error.is_maybe_applied(), error.backend()),
        (Kind::Unavailable, false, "redis")
    );
    assert!(!format!("{error:?}").contains("secret"));
}

fn a_silent_server_times_out(way: Way) {
    let server = RedisServer::start();
    let remote = Remote { timeout: Some(Duration::from_secs(1)), ..Remote::default() };
    let kv = open_with(way, &url(&server), remote);
    block_on(kv.set("k", "before")).unwrap();
    server.freeze();
    let error = block_on(kv.incr("n")).unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, true));
    let error = block_on(kv.get("k")).unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, false));
    server.wake();
    let mut again = block_on(kv.get("k"));
    while again.is_err() {
        again = block_on(kv.get("k"));
    }
    // The late answer is not given to another command.
    assert_eq!(again.unwrap().as_deref(), Some("before"));
    assert_eq!(block_on(kv.strlen("k")).unwrap(), 6);
}

fn users_passwords_and_databases(way: Way) {
    let server = RedisServer::start_with(&["--requirepass", "s3cret/@:", "--databases", "4"]);
    let at = format!("127.0.0.1:{}", server.port());
    let kv = open(way, &format!("redis://:s3cret%2F%40%3A@{at}/2"));
    block_on(kv.set("k", "v")).unwrap();
    for (user_info, db) in [("", ""), (":wrong-s3cret@", ""), ("nobody:s3cret%2F%40%3A@", "")] {
        let error = block_on(open(way, &format!("redis://{user_info}{at}/{db}")).get("k")).unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let error = block_on(open(way, &format!("redis://:s3cret%2F%40%3A@{at}/9")).get("k")).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");

    let mut rules = kv_as_admin(&server);
    let _: () = redis::cmd("ACL")
        .arg(&["SETUSER", "ada", "on", ">lovelace", "~ada:*", "+@read", "+select"])
        .query(&mut rules)
        .unwrap();
    let ada = open(way, &format!("redis://ada:lovelace@{at}/2"));
    assert_eq!(block_on(ada.get("ada:1")).unwrap(), None);
    assert_eq!(block_on(ada.get("k")).unwrap_err().kind(), Kind::PermissionDenied);
    assert_eq!(block_on(ada.set("ada:1", "x")).unwrap_err().kind(), Kind::PermissionDenied);
}

fn what_a_url_holds_can_be_an_option_or_a_parameter(way: Way) {
    let server = RedisServer::start_with(&["--requirepass", "s3cret/@:", "--databases", "4"]);
    let (port, password) = (server.port(), "s3cret/@:");
    let at = format!("127.0.0.1:{port}");
    let writer = open(way, &format!("redis://:s3cret%2F%40%3A@{at}/2"));
    block_on(writer.set("k", "v")).unwrap();
    let options = |host: &str, db| Remote {
        host: Some(host.into()),
        port: Some(port),
        password: Some(password.into()),
        db,
        ..Remote::default()
    };
    for (url, remote) in [
        (format!(" redis://{at}?db=2&password=s3cret%2F%40%3A\n"), Remote::default()),
        (format!("redis://{at}/2?protocol=2&family=4"), options("elsewhere", Some(3))),
        ("redis://".to_owned(), options("127.0.0.1", Some(2))),
        (format!("redis://{at}/2"), Remote { token: Some(password.into()), ..Remote::default() }),
    ] {
        let kv = open_with(way, &url, remote);
        assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"), "{url}");
    }
    let refused = |url: &str| {
        let options = Options { remote: Remote::default(), ..Options::default() };
        let error = block_on(Store::connect(url, options)).err().unwrap();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{url}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        error.message().to_owned()
    };
    let told = refused("redis://h?pasword=s3cret");
    assert!(told.starts_with("(url) has no parameter \"pasword\"; known parameters: ca, db,"), "{told}");
    assert_eq!(refused("redis://h:99999"), "(port) expects a number from 1 to 65535, got 99999");
    refused("redis://h/1?db=2");
    refused("rediss://h?tls=false");
    refused("memory:?prefix=s3cret");
    refused("upstash://:s3cret@h?db=1");
    refused("sqlite:file.db?tiemout=1");
}

fn what_the_platform_says_is_the_source(way: Way) {
    let at = format!("127.0.0.1:{}", free_port());
    let remote = Remote { retries: Some(1), ..Remote::default() };
    let error = block_on(open_with(way, &format!("redis://{at}"), remote).get("k")).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Unavailable, &*format!("(server) at {at} cannot be reached"))
    );
    let chain = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let kinds: Vec<_> =
        chain.filter_map(|error| Some(error.downcast_ref::<std::io::Error>()?.kind())).collect();
    assert!(kinds.contains(&std::io::ErrorKind::ConnectionRefused), "{error:?}");
}

fn kv_as_admin(server: &RedisServer) -> redis::Connection {
    let url = format!("redis://:s3cret%2F%40%3A@127.0.0.1:{}", server.port());
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

#[test]
fn tls() {
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let signer = rcgen::CertifiedIssuer::self_signed(parameters, authority).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let of_server = rcgen::CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let certificate = of_server.signed_by(&key, &signer).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ca = file("ca.pem", signer.pem());
    let (certificate, key) = (file("server.pem", certificate.pem()), file("server.key", key.serialize_pem()));
    let port = free_port().to_string();
    let _server = RedisServer::start_with(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &ca,
        "--tls-auth-clients",
        "no",
    ]);
    let kv = open(Way::Native, &format!("rediss://127.0.0.1:{port}?ca={ca}"));
    block_on(kv.set("k", "v")).unwrap();
    assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"));
    let kv = open(Way::Native, &format!("rediss://localhost:{port}?ca={ca}"));
    assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"));
    // The system does not trust the certificate's issuer.
    let error = block_on(open(Way::Native, &format!("rediss://127.0.0.1:{port}")).get("k")).unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert!(error.message().contains(&format!("127.0.0.1:{port}")), "{error:?}");
    // The same, said by options.
    for tls in [Tls { ca: Some(signer.pem()), ..Tls::default() }, Tls { accept_any: true, ..Tls::default() }]
    {
        let remote = Remote { tls: Some(tls), ..Remote::default() };
        let kv = open_with(Way::Native, &format!("redis://localhost:{port}"), remote);
        assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"));
    }
}

fn keys_of_others_that_are_no_text_do_not_stop_a_listing(way: Way) {
    let server = RedisServer::start();
    let odd = b"k\xff\0".as_slice();
    let _: () = redis::cmd("SET").arg(odd).arg("v").query(&mut server.connect()).unwrap();
    let kv = open(way, &url(&server));
    // If it is the only key, there is no random key.
    assert_eq!(block_on(kv.randomkey()).unwrap(), None);
    block_on(kv.set("k1", "v")).unwrap();
    assert_eq!(block_on(kv.keys("k*")).unwrap(), ["k1"]);
    assert_eq!(block_on(kv.scan("0", ScanOptions::new().count(100))).unwrap().items, ["k1"]);
    let mut found = Vec::new();
    let mut scan = kv.scan_iter(ScanOptions::new());
    while let Some(key) = block_on(scan.next()).unwrap() {
        found.push(key);
    }
    assert_eq!(found, ["k1"]);
    let entries = block_on(kv.range("k", None, RangeOptions::new())).unwrap();
    assert_eq!(entries, [("k1".into(), Some("v".into()))]);
    assert_eq!(block_on(kv.randomkey()).unwrap().as_deref(), Some("k1"));
    // They can be requested as bytes, and they are counted.
    let Reply::List(mut keys) = block_on(kv.execute(Command::Keys { pattern: "*".into() })).unwrap() else {
        panic!("no list")
    };
    keys.sort();
    assert_eq!(keys, [Some(b"k1".to_vec()), Some(odd.to_vec())]);
    assert_eq!(block_on(kv.count("")).unwrap(), 2);
}
