// A Redis Cluster of three servers, and a master found through Sentinel.

mod support;

use omnikv::error::Kind;
use omnikv::{ChangeOptions, Options, RangeOptions, Remote, ScanOptions, Store, prelude::*};
use pollster::block_on;
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;
use support::redis::{RedisServer, free_port};

struct Cluster {
    servers: Vec<RedisServer>,
}

impl Cluster {
    fn start() -> Cluster {
        let start = || {
            // The cluster bus needs its own free port.
            let bus = free_port().to_string();
            RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus])
        };
        let cluster = Cluster { servers: vec![start(), start(), start()] };
        for (server, slots) in cluster.servers.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
            let (first, last) = slots;
            cluster.ask::<()>(server, &format!("ADDSLOTSRANGE {first} {last}"));
            let info: String = redis::cmd("CONFIG")
                .arg("GET")
                .arg("cluster-port")
                .query::<(String, String)>(&mut server.connect())
                .unwrap()
                .1;
            for other in &cluster.servers {
                cluster.ask::<()>(other, &format!("MEET 127.0.0.1 {} {info}", server.port()));
            }
        }
        while !cluster.servers.iter().all(|server| {
            let info: String = cluster.ask(server, "INFO");
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        }) {
            thread::sleep(Duration::from_millis(20));
        }
        cluster
    }

    fn ask<T: redis::FromRedisValue>(&self, server: &RedisServer, words: &str) -> T {
        redis::cmd("CLUSTER").arg(words.split(' ').collect::<Vec<_>>()).query(&mut server.connect()).unwrap()
    }

    fn id(&self, index: usize) -> String {
        self.ask(&self.servers[index], "MYID")
    }

    /// Opens with two of the servers; the third is discovered.
    fn open(&self, way: Way) -> Store {
        let [a, b] = [0, 1].map(|index| self.servers[index].port());
        way.open(&format!("redis+cluster://127.0.0.1:{a},127.0.0.1:{b}"))
    }
}

/// How the servers are reached.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// With the redis crate.
    Native,
    /// Over sockets of the host.
    Lent,
}

impl Way {
    fn open(self, url: &str) -> Store {
        let network = (self == Way::Lent).then(|| support::sockets::network(Some(1)));
        let remote = Remote { network, ..Remote::default() };
        block_on(Store::connect(url, Options { remote, ..Options::default() })).unwrap()
    }
}

mod native {
    #[test]
    fn a_cluster() {
        super::a_cluster(super::Way::Native);
    }

    #[test]
    fn a_master_found_through_sentinel() {
        super::a_master_found_through_sentinel(super::Way::Native);
    }
}

mod lent_sockets {
    #[test]
    fn a_cluster() {
        super::a_cluster(super::Way::Lent);
    }

    #[test]
    fn a_master_found_through_sentinel() {
        super::a_master_found_through_sentinel(super::Way::Lent);
    }
}

fn a_cluster(way: Way) {
    let cluster = Cluster::start();
    let kv = cluster.open(way);
    every_key_is_found(&cluster, &kv);
    transactions_need_a_shared_tag(&kv);
    records_are_in_one_slot(&kv);
    watchers_wait_in_the_server(&cluster, &kv);
    one_server_of_a_cluster_is_not_enough(&cluster, way);
    a_slot_moves(&cluster, &kv);
}

fn every_key_is_found(cluster: &Cluster, kv: &Store) {
    for index in 0..300 {
        block_on(kv.set(format!("k:{index:03}"), index)).unwrap();
    }
    for server in &cluster.servers {
        let keys: usize = redis::cmd("DBSIZE").query(&mut server.connect()).unwrap();
        assert!(keys > 50, "{keys} of 300");
    }
    let all: Vec<String> = (0..300).map(|index| format!("k:{index:03}")).collect();
    let mut keys = block_on(kv.keys("k:*")).unwrap();
    keys.sort();
    assert_eq!(keys, all);

    let mut scanned = BTreeSet::new();
    let mut cursor = "0".to_owned();
    loop {
        let page = block_on(kv.scan(&*cursor, ScanOptions::new().count(20))).unwrap();
        scanned.extend(page.items);
        cursor = page.cursor;
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(scanned.into_iter().collect::<Vec<_>>(), all);

    assert_eq!(block_on(kv.count("k:")).unwrap(), 300);
    block_on(kv.rpush("k:1list", ["x"])).unwrap();
    let range: Vec<(String, Option<String>)> =
        block_on(kv.range("k:1", None, RangeOptions::new().limit(101))).unwrap();
    assert_eq!(range.len(), 101);
    assert_eq!((range[7].0.as_str(), range[7].1.as_deref()), ("k:107", Some("107")));
    assert_eq!(range[100], ("k:1list".to_owned(), None));
    let stats = block_on(kv.stats()).unwrap();
    assert_eq!(stats.keys, 301);
    assert!(stats.bytes.unwrap() > 1_000_000);
    assert!(block_on(kv.randomkey()).unwrap().is_some());

    // A pipeline goes to all servers concurrently; each answer has the right position.
    let batch = kv.pipeline();
    let slots: Vec<_> = all.iter().map(|key| batch.get(&**key)).collect();
    let mut replies = block_on(batch.exec()).unwrap();
    for (index, slot) in slots.into_iter().enumerate() {
        assert_eq!(replies.take(slot).unwrap(), Some(index.to_string()));
    }

    assert_eq!(block_on(kv.delete_range("k:0", None)).unwrap(), 100);
    block_on(kv.flush()).unwrap();
    assert_eq!(block_on(kv.keys("*")).unwrap(), Vec::<String>::new());
}

fn transactions_need_a_shared_tag(kv: &Store) {
    block_on(kv.mset([("{a}1", "x"), ("{a}2", "y")])).unwrap();
    let values: Vec<Option<String>> = block_on(kv.mget(["{a}1", "{a}2", "{a}3"])).unwrap();
    assert_eq!(values, [Some("x".to_owned()), Some("y".to_owned()), None]);
    assert!(block_on(kv.compare_and_set("{a}1", Some("x"), "z")).unwrap());
    let batch = kv.multi();
    batch.check("{a}1", Some("z"));
    let renamed = batch.rename("{a}1", "{a}4");
    batch.incr("{a}n");
    let mut replies = block_on(batch.exec()).unwrap();
    replies.take(renamed).unwrap();
    let batch = kv.multi();
    let value = batch.get("{a}4");
    assert_eq!(block_on(batch.exec()).unwrap().take(value).unwrap().as_deref(), Some("z"));

    // Otherwise it fails and says what to do.
    let batch = kv.multi();
    batch.set("b", 1);
    batch.set("a", 1);
    for error in [
        block_on(kv.mset([("a", "x"), ("b", "y")])).unwrap_err(),
        block_on(kv.mget::<String>(["a", "b"])).unwrap_err(),
        block_on(kv.rename("{a}2", "b")).unwrap_err(),
        block_on(batch.exec()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Unsupported, "{error:?}");
        assert!(error.message().contains("{tag}"), "{error:?}");
    }
    assert_eq!(block_on(kv.exists("b")), Ok(false));
}

fn records_are_in_one_slot(kv: &Store) {
    let stamp = block_on(kv.records().put("a", 0, &1)).unwrap().stamp;
    block_on(kv.records().patch("b", -1, &serde_json::json!({ "n": 1 }))).unwrap();
    block_on(kv.set("c", 1)).unwrap();
    assert_eq!(block_on(kv.records().count()), Ok(2));
    assert_eq!(block_on(kv.keys("{omnikv}*")), Ok(Vec::new()));
    block_on(kv.flush()).unwrap();
    assert_eq!((block_on(kv.records().count()), block_on(kv.keys("*"))), (Ok(0), Ok(Vec::new())));
    assert!(block_on(kv.records().put("a", 0, &1)).unwrap().stamp > stamp);
}

fn watchers_wait_in_the_server(cluster: &Cluster, kv: &Store) {
    let mut changes = kv.changes().watch::<u64>(ChangeOptions::new().prefix("watched:"));
    let blocked = || {
        cluster.servers.iter().any(|server| {
            let info: String = redis::cmd("INFO").arg("clients").query(&mut server.connect()).unwrap();
            info.contains("blocked_clients:1")
        })
    };
    thread::scope(|scope| {
        let next = scope.spawn(|| block_on(changes.next()).unwrap().unwrap());
        while !blocked() {
            thread::sleep(Duration::from_millis(5));
        }
        block_on(kv.records().put("watched:1", -1, &7)).unwrap();
        assert_eq!(next.join().unwrap().record.value, 7);
    });
    drop(changes);
    while blocked() {
        thread::sleep(Duration::from_millis(5));
    }
}

fn one_server_of_a_cluster_is_not_enough(cluster: &Cluster, way: Way) {
    let kv = way.open(&format!("redis://127.0.0.1:{}", cluster.servers[0].port()));
    // The slot of `foo` is 12182.
    let error = block_on(kv.set("foo", 1)).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().contains("redis+cluster://"));
    let error = block_on(Store::connect("redis+cluster://127.0.0.1:1/2", Options::default())).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
}

/// Moves the slot of `foo` from the third server to the first while the store writes.
fn a_slot_moves(cluster: &Cluster, kv: &Store) {
    const SLOT: usize = 12182;
    block_on(kv.set("{foo}old", 1)).unwrap();
    let (from, to) = (&cluster.servers[2], &cluster.servers[0]);
    cluster.ask::<()>(to, &format!("SETSLOT {SLOT} IMPORTING {}", cluster.id(2)));
    cluster.ask::<()>(from, &format!("SETSLOT {SLOT} MIGRATING {}", cluster.id(0)));
    // Missing keys are looked up, and created, where the slot is going.
    assert_eq!(block_on(kv.incr("{foo}new")), Ok(1));
    assert_eq!(block_on(kv.incr("{foo}new")), Ok(2));
    assert_eq!(block_on(kv.incr("{foo}old")), Ok(2));
    let there: usize = redis::cmd("DBSIZE").query(&mut to.connect()).unwrap();
    assert!(there > 0);
    let _: () = redis::cmd("MIGRATE")
        .arg(("127.0.0.1", to.port(), "{foo}old", 0, 5000))
        .query(&mut from.connect())
        .unwrap();
    assert_eq!(block_on(kv.incr("{foo}old")), Ok(3));
    for server in &cluster.servers {
        cluster.ask::<()>(server, &format!("SETSLOT {SLOT} NODE {}", cluster.id(0)));
    }
    assert_eq!(block_on(kv.incr("{foo}old")), Ok(4));
    assert_eq!(block_on(kv.incr("{foo}new")), Ok(3));
    let batch = kv.multi();
    let both = (batch.incr("{foo}old"), batch.incr("{foo}new"));
    let mut replies = block_on(batch.exec()).unwrap();
    assert_eq!((replies.take(both.0), replies.take(both.1)), (Ok(5), Ok(4)));
}

/// The master stops, Sentinel promotes the replica, and the store finds it.
fn a_master_found_through_sentinel(way: Way) {
    let mut master = RedisServer::start();
    let port = master.port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]);
    let sentinel = Sentinel::start(&port);
    while sentinel.replicas() == 0 {
        thread::sleep(Duration::from_millis(50));
    }
    let kv = way.open(&format!("redis+sentinel://127.0.0.1:{}/cache", sentinel.0.port()));
    block_on(kv.set("k", "v")).unwrap();
    let mut aside = replica.connect();
    while redis::cmd("GET").arg("k").query::<Option<String>>(&mut aside).unwrap().is_none() {
        thread::sleep(Duration::from_millis(10));
    }
    master.kill();
    while let Err(error) = block_on(kv.set("k", "w")) {
        let expected = [Kind::Unavailable, Kind::Timeout, Kind::PermissionDenied];
        assert!(expected.contains(&error.kind()), "{error:?}");
    }
    assert_eq!(redis::cmd("GET").arg("k").query::<String>(&mut replica.connect()).as_deref(), Ok("w"));
    let nobody = way.open(&format!("redis+sentinel://127.0.0.1:{}/nobody", sentinel.0.port()));
    assert_eq!(block_on(nobody.get("k")).unwrap_err().kind(), Kind::Unavailable);
}

struct Sentinel(RedisServer);

impl Sentinel {
    /// A Sentinel that watches the master at this port as `cache`.
    fn start(port: &str) -> Sentinel {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sentinel.conf");
        std::fs::write(
            &file,
            format!(
                "sentinel monitor cache 127.0.0.1 {port} 1\nsentinel down-after-milliseconds cache 2000\n\
                 sentinel failover-timeout cache 3000\n"
            ),
        )
        .unwrap();
        Sentinel(RedisServer::start_sentinel(&file, folder))
    }

    fn replicas(&self) -> usize {
        let rows: Vec<redis::Value> =
            redis::cmd("SENTINEL").arg("REPLICAS").arg("cache").query(&mut self.0.connect()).unwrap();
        rows.len()
    }
}
