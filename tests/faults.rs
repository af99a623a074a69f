// Faults between our client and a gateway: cut connections, late, truncated or invalid answers, a server that asks to
// slow down. No acknowledged write may be lost, nothing may wrongly happen twice, nothing may hang, and no secret may
// be shown.

mod support;

use fastrand::Rng;
use omnikv::gateway::{Gateway, Options, Request, Response, Token};
use omnikv::host::BoxFuture;
use omnikv::host::network::{self, Http, Network, Timer};
use omnikv::{Error, Kind, Remote, Store, prelude::*};
use pollster::block_on;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};
use support::http_server::{HttpServer, Reaction};

const TOKEN: &str = "t0p-s3cret";

/// The timeout of an operation that gets no answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The timeout of all others, long enough for any machine.
const LONG_TIMEOUT: Duration = Duration::from_secs(60);

/// An operation that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    CutBefore,
    CutAfter,
    Truncated,
    /// Run, and answered too late.
    LateAfter,
    /// Not run.
    Late,
    SlowDown(u32),
    /// An error of a proxy before the server.
    Failed,
    /// An error after the server has run it.
    FailedAfter,
    Garbage,
    GarbageAfter,
    Html,
}

impl Fault {
    /// Whether the client can know that the server has not run anything.
    fn is_harmless(self) -> bool {
        matches!(self, Fault::None | Fault::SlowDown(_) | Fault::Html)
    }

    /// Whether the answer never arrives in time.
    fn is_late(self) -> bool {
        matches!(self, Fault::Late | Fault::LateAfter)
    }

    /// Whether the server runs the request.
    fn is_done(self) -> bool {
        matches!(
            self,
            Fault::None
                | Fault::CutAfter
                | Fault::Truncated
                | Fault::LateAfter
                | Fault::FailedAfter
                | Fault::GarbageAfter
        )
    }
}

/// A gateway over a memory store, and a proxy in front of it that produces the given faults, then none.
struct World {
    server: HttpServer,
    gateway: Arc<Gateway>,
    /// The store itself, without faults.
    direct: Store,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl World {
    fn start() -> World {
        let open = || omnikv::Options::default();
        let direct = block_on(Store::connect("memory:", open())).unwrap();
        let store = direct.with_prefix("").unwrap();
        let gateway = Gateway::new(store, Options { tokens: vec![Token::new(TOKEN)], ..Options::default() });
        let gateway = Arc::new(gateway.unwrap());
        let faults: Arc<Mutex<VecDeque<Fault>>> = Arc::default();
        let (told, behind) = (Arc::clone(&faults), Arc::clone(&gateway));
        let server = HttpServer::start(move |request| {
            let fault = told.lock().unwrap().pop_front().unwrap_or(Fault::None);
            let gateway = Arc::clone(&behind);
            Box::pin(async move {
                let response =
                    if fault.is_done() { gateway.handle(request).await } else { Response::default() };
                let other =
                    |status, body: &str| Response { status, body: body.into(), ..Response::default() };
                match fault {
                    Fault::None => Reaction::Answer(response),
                    Fault::CutBefore | Fault::CutAfter => Reaction::Cut,
                    Fault::Truncated => Reaction::Truncate(response),
                    Fault::LateAfter | Fault::Late => {
                        tokio::time::sleep(PATIENCE).await;
                        Reaction::Answer(response)
                    }
                    Fault::SlowDown(seconds) => Reaction::Answer(Response {
                        status: 429,
                        headers: vec![("retry-after", seconds.to_string())],
                        body: b"{\"error\":\"ERR slow down\"}".to_vec(),
                    }),
                    Fault::Failed | Fault::FailedAfter => {
                        Reaction::Answer(other(500, "{\"error\":\"ERR broken\"}"))
                    }
                    Fault::Garbage | Fault::GarbageAfter => Reaction::Answer(other(200, "garb\u{0}age")),
                    Fault::Html => Reaction::Answer(other(400, "<html>not here</html>")),
                }
            })
        });
        World { server, gateway, direct, faults }
    }

    fn client(&self) -> Store {
        self.client_that_waits(LONG_TIMEOUT)
    }

    fn client_that_waits(&self, timeout: Duration) -> Store {
        let remote = Remote { timeout: Some(timeout), ..Remote::default() };
        let options = omnikv::Options { remote, ..omnikv::Options::default() };
        let client = block_on(Store::connect(&self.server.url(TOKEN), options)).unwrap();
        // Let the client learn about the server first: that is not what is tested.
        block_on(client.exists("first")).unwrap();
        client
    }

    /// A client without sockets, for which everything issued at once belongs to the same tick.
    fn client_of_ticks(&self) -> Store {
        let (gateway, faults) = (Arc::clone(&self.gateway), Arc::clone(&self.faults));
        let http = Arc::new(InProcess { gateway, faults });
        let network = Network { http, timer: Arc::new(Ticks), sockets: None };
        let remote = Remote { timeout: Some(LONG_TIMEOUT), network: Some(network), ..Remote::default() };
        let options = omnikv::Options { remote, ..omnikv::Options::default() };
        let client = block_on(Store::connect(&self.server.url(TOKEN), options)).unwrap();
        finish(client.exists("first")).unwrap();
        client
    }

    /// The next requests meet these faults.
    fn meet(&self, faults: &[Fault]) {
        let mut told = self.faults.lock().unwrap();
        told.clear();
        told.extend(faults);
    }
}

/// The same faults, as a host's network reports them.
struct InProcess {
    gateway: Arc<Gateway>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
}

impl Http for InProcess {
    fn send(&self, request: network::Request) -> BoxFuture<'static, omnikv::Result<network::Response>> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let gateway = Arc::clone(&self.gateway);
        Box::pin(async move {
            let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
            let asked = Request {
                method: request.method.into(),
                path: format!("/{path}"),
                headers: request
                    .headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.clone()))
                    .collect(),
                body: request.body,
                ..Request::default()
            };
            let response = if fault.is_done() { gateway.handle(asked).await } else { Response::default() };
            let broken =
                || Err(Error::new(Kind::Unavailable, "(server) dropped the connection").maybe_applied());
            let (status, body): (u16, &[u8]) = match fault {
                Fault::None => (response.status, &response.body),
                Fault::CutBefore | Fault::CutAfter | Fault::Truncated => return broken(),
                Fault::LateAfter | Fault::Late => unreachable!("time is another test's"),
                Fault::SlowDown(_) => (429, b""),
                Fault::Failed | Fault::FailedAfter => (500, b""),
                Fault::Garbage | Fault::GarbageAfter => (200, b"garbage"),
                Fault::Html => (400, b"<html>"),
            };
            let named = |(name, value): &(&str, String)| (name.to_string(), value.clone());
            Ok(network::Response {
                status,
                headers: response.headers.iter().map(named).collect(),
                body: body.to_vec(),
            })
        })
    }
}

/// The caller's single-threaded runtime: everything issued at once is queued before a spawned task continues.
struct Ticks;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Timer for Ticks {
    fn now_ms(&self) -> u64 {
        START.elapsed().as_millis() as u64
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move { tokio::time::sleep(time).await })
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        tokio::spawn(work);
    }
}

/// Waits with a limit, and checks that an error shows no secret.
fn finish<T>(work: impl Future<Output = omnikv::Result<T>>) -> omnikv::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let result = runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await.expect("an end") });
    result.inspect_err(without_secrets)
}

fn without_secrets(error: &Error) {
    let told = format!("{error} {error:?} {}", error.message());
    assert!(!told.contains(TOKEN) && !told.contains("value-of-a-user"), "{told}");
}

const ALL: [Fault; 11] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Truncated,
    Fault::LateAfter,
    Fault::Late,
    Fault::SlowDown(0),
    Fault::Failed,
    Fault::FailedAfter,
    Fault::Garbage,
    Fault::GarbageAfter,
    Fault::Html,
];

#[test]
fn repeatable_commands_are_retried() {
    let world = World::start();
    let (patient, hurried) = (world.client(), world.client_that_waits(TIMEOUT));
    for fault in ALL {
        let client = if fault.is_late() { &hurried } else { &patient };
        world.meet(&[fault]);
        let set = finish(client.set("k", format!("value-of-a-user-{fault:?}")));
        world.meet(&[fault]);
        let got = finish(client.get("k"));
        world.meet(&[fault]);
        let counted = finish(client.records().count());
        assert_eq!(counted.is_err(), fault.is_late(), "{counted:?}");
        if fault.is_late() {
            // The timeout is used up.
            let error = set.unwrap_err();
            assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, true), "{fault:?}");
            let error = got.unwrap_err();
            assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, false), "{fault:?}");
            assert!(error.is_retryable());
        } else {
            set.unwrap();
            assert_eq!(got.unwrap(), Some(format!("value-of-a-user-{fault:?}")));
        }
    }
}

#[test]
fn other_commands_are_not_retried() {
    let world = World::start();
    let (patient, hurried) = (world.client(), world.client_that_waits(TIMEOUT));
    for fault in ALL {
        let client = if fault.is_late() { &hurried } else { &patient };
        block_on(world.direct.set("n", 5)).unwrap();
        block_on(world.direct.del(["list"])).unwrap();
        block_on(world.direct.records().delete(["r"])).unwrap();
        world.meet(&[fault]);
        let put = finish(client.records().put("r", 0, &1));
        let records = block_on(world.direct.records().count()).unwrap();
        world.meet(&[fault]);
        let incremented = finish(client.incr("n"));
        world.meet(&[fault]);
        let pushed = finish(client.rpush("list", ["value-of-a-user"]));
        let (n, length) =
            (block_on(world.direct.get("n")).unwrap(), block_on(world.direct.llen("list")).unwrap());
        if fault.is_harmless() {
            assert_eq!((incremented, pushed), (Ok(6), Ok(1)), "{fault:?}");
            assert_eq!((n.as_deref(), length), (Some("6"), 1), "{fault:?}");
            assert_eq!((put.map(|record| record.version), records), (Ok(1), 1), "{fault:?}");
            continue;
        }
        for error in [incremented.unwrap_err(), pushed.unwrap_err(), put.unwrap_err()] {
            assert!(error.is_maybe_applied() && !error.is_retryable(), "{fault:?} {error:?}");
            assert!(matches!(error.kind(), Kind::Unavailable | Kind::Timeout), "{fault:?} {error:?}");
        }
        let done = i64::from(fault.is_done());
        assert_eq!((n, length), (Some((5 + done).to_string()), done as u64), "{fault:?}");
        assert_eq!(records, done as u64, "{fault:?}");
    }
}

#[test]
fn checked_transactions_are_not_retried() {
    let world = World::start();
    let client = world.client();
    for fault in [Fault::CutAfter, Fault::Truncated, Fault::FailedAfter, Fault::GarbageAfter] {
        block_on(world.direct.set("k", "1")).unwrap();
        world.meet(&[fault]);
        let multi = client.multi();
        multi.check("k", Some("1"));
        let _ = multi.set("k", "2");
        let error = finish(multi.exec()).map(|_| ()).unwrap_err();
        // A repeated transaction would conflict with itself.
        assert!(error.is_maybe_applied() && error.kind() == Kind::Unavailable, "{fault:?} {error:?}");
        assert_eq!(block_on(world.direct.get("k")).unwrap().as_deref(), Some("2"));
    }
}

#[test]
fn commands_of_one_tick_keep_their_order() {
    let world = World::start();
    let client = world.client_of_ticks();
    for fault in ALL.into_iter().filter(|fault| !fault.is_late()) {
        block_on(world.direct.set("k", "old")).unwrap();
        block_on(world.direct.set("n", 0)).unwrap();
        world.meet(&[fault]);
        let (read, write, count, other) =
            (client.get("k"), client.set("k", "new"), client.incr("n"), client.get("other"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (read, write, count, other) = runtime.block_on(async {
            let together = async { tokio::join!(read, write, count, other) };
            tokio::time::timeout(PATIENCE, together).await.expect("an end")
        });
        // What was issued before the write does not see it, whatever was retried.
        match read {
            Ok(value) => assert_eq!(value.as_deref(), Some("old"), "{fault:?}"),
            Err(error) => assert!(!fault.is_harmless() && !error.is_maybe_applied(), "{fault:?} {error:?}"),
        }
        assert_eq!(write, Ok(()), "{fault:?}");
        assert_eq!(other, Ok(None), "{fault:?}");
        assert_eq!(count.is_ok(), fault.is_harmless(), "{fault:?}");
        assert_eq!(block_on(world.direct.get("k")).unwrap().as_deref(), Some("new"), "{fault:?}");
    }
}

#[test]
fn a_retry_after_beyond_the_timeout_fails() {
    let world = World::start();
    let client = world.client();
    world.meet(&[Fault::SlowDown(3600)]);
    let error = finish(client.incr("n")).unwrap_err();
    assert_eq!(
        (error.kind(), error.is_maybe_applied(), error.is_retryable()),
        (Kind::RateLimited, false, true)
    );
    assert_eq!(finish(client.incr("n")), Ok(1));
}

#[test]
fn maybe_applied_survives_failed_retries() {
    let world = World::start();
    let client = world.client();
    let mut faults = vec![Fault::CutAfter];
    faults.resize(20, Fault::SlowDown(0));
    world.meet(&faults);
    let error = finish(client.set("k", "v")).unwrap_err();
    assert!(error.is_maybe_applied(), "{error:?}");
}

#[test]
fn a_wrong_token_is_not_shown() {
    let world = World::start();
    let url = world.server.url("wr0ng-s3cret");
    let client = block_on(Store::connect(&url, omnikv::Options::default())).unwrap();
    let error = finish(client.get("k")).unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(!format!("{error:?} {client:?}").contains("s3cret"));
}

/// What is known about operations under random faults.
#[derive(Default)]
struct Tally {
    acknowledged: Vec<u32>,
    in_doubt: Vec<u32>,
}

impl Tally {
    fn note(&mut self, id: u32, result: Result<(), Error>) {
        match result {
            Ok(()) => self.acknowledged.push(id),
            Err(error) if error.is_maybe_applied() => self.in_doubt.push(id),
            Err(_) => {}
        }
    }
}

#[test]
fn random_faults_lose_or_double_nothing() {
    let world = World::start();
    let client = world.client_of_ticks();
    let mut rng = Rng::with_seed(support::seed());
    let quick: Vec<_> = ALL.into_iter().filter(|fault| !fault.is_late()).collect();
    let (mut pushes, mut sums, mut sets) = (Tally::default(), Tally::default(), Tally::default());
    for round in 0..60 {
        let faults: Vec<_> =
            (0..3).map(|_| if rng.bool() { quick[rng.usize(..quick.len())] } else { Fault::None }).collect();
        world.meet(&faults);
        let first = round * 10;
        let (a, b, c, d) = (
            client.rpush("list", [first]),
            client.incr("n"),
            client.set("k", first),
            client.rpush("list", [first + 1]),
        );
        let (a, b, c, d) = finish(async { Ok(tokio::join!(a, b, c, d)) }).unwrap();
        for error in
            [a.as_ref().err(), b.as_ref().err(), c.as_ref().err(), d.as_ref().err()].into_iter().flatten()
        {
            without_secrets(error);
        }
        pushes.note(first, a.map(drop));
        sums.note(first, b.map(drop));
        sets.note(first, c);
        pushes.note(first + 1, d.map(drop));
    }
    world.meet(&[]);
    let list: Vec<u32> = block_on(world.direct.lrange("list", 0, -1)).unwrap();
    let times = |id: &u32| list.iter().filter(|known| *known == id).count();
    assert!(pushes.acknowledged.iter().all(|id| times(id) == 1), "a push was lost or doubled");
    assert!(pushes.in_doubt.iter().all(|id| times(id) <= 1), "a push was doubled");
    assert!(list.iter().all(|id| pushes.acknowledged.contains(id) || pushes.in_doubt.contains(id)));
    assert!(list.is_sorted(), "pushes were reordered");
    let n: usize = block_on(world.direct.get("n")).unwrap().map_or(0, |n| n.parse().unwrap());
    let (least, most) = (sums.acknowledged.len(), sums.acknowledged.len() + sums.in_doubt.len());
    assert!((least..=most).contains(&n), "{least} <= {n} <= {most}");
    let k: Option<u32> = block_on(world.direct.get("k")).unwrap().map(|k| k.parse().unwrap());
    let last = sets.acknowledged.iter().max().copied();
    assert!(k >= last && k.is_none_or(|k| Some(k) == last || sets.in_doubt.contains(&k)), "{k:?} {last:?}");
    assert!(!pushes.acknowledged.is_empty() && !pushes.in_doubt.is_empty());
}
