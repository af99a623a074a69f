// The library examples of the seed a-h/kv, in its order. Its command line's are in the conformance cases.

use crate::world::{World, each};
use futures_util::future::join;
use omnikv::{
    Action, ChangeOptions, ConsumerOptions, Ending, Error, Kind, ListOptions, Mutation, NewTask, PutOptions,
    Store, Task, TaskOptions, TaskStatus, handlers, prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Person {
    name: String,
    age: u32,
    city: String,
}

fn alice() -> Person {
    Person { name: "Alice".into(), age: 30, city: "New York".into() }
}

#[test]
fn simple_store_example() {
    each(async |World { kv, .. }| {
        kv.records().put("person:alice", -1, &alice()).await.unwrap();
        let record = kv.records().get::<Person>("person:alice").await.unwrap().expect("person not found");
        let found = format!("Found person: {:?} (version: {})", record.value, record.version);
        let expected = r#"Found person: Person { name: "Alice", age: 30, city: "New York" } (version: 1)"#;
        assert_eq!(found, expected);
    });
}

#[test]
fn records_of_one_type() {
    each(async |World { kv, .. }| {
        let people = kv.records().of::<Person>("Person");
        people.put("person:alice", 0, &alice()).await.unwrap();
        let minute = PutOptions::new().expiry(Duration::from_secs(60));
        people
            .put_with("person:bob", 0, &Person { name: "Bob".into(), ..alice() }, minute.clone())
            .await
            .unwrap();
        people.patch("person:alice", 1, &json!({ "age": 31 })).await.unwrap();
        people.patch_with("person:alice", 2, &json!({ "city": "Oslo" }), minute).await.unwrap();
        kv.records().put("order", -1, &1).await.unwrap();
        let alice = people.get("person:alice").await.unwrap().unwrap();
        assert_eq!(alice.value, Person { age: 31, city: "Oslo".into(), ..self::alice() });
        assert_eq!((alice.kind.as_deref(), alice.version), (Some("Person"), 3));
        let listed = people.list(ListOptions::new()).await.unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed.iter().all(|person| person.expires_at.is_some()));
    });
}

#[test]
fn the_store_interface() {
    each(async |world| {
        let kv = &world.kv;
        let (records, changes, locks) = (kv.records(), kv.changes(), kv.locks());
        let keys = |found: Vec<omnikv::Record<Value>>| found.into_iter().map(|r| r.key).collect::<Vec<_>>();
        for (key, kind) in [("a:1", "A"), ("a:2", "B"), ("b:1", "A")] {
            records.put_with(key, -1, &json!({ "n": 1 }), PutOptions::new().kind(kind)).await.unwrap();
        }
        assert_eq!(records.get::<Value>("c").await.unwrap(), None);
        assert_eq!(keys(records.get_prefix("a:", (0, 10)).await.unwrap()), ["a:1", "a:2"]);
        assert_eq!(keys(records.get_range("a:2", "b:2", (0, 10)).await.unwrap()), ["a:2", "b:1"]);
        assert_eq!(keys(records.get_type("A", (0, 10)).await.unwrap()), ["a:1", "b:1"]);
        assert_eq!(keys(records.list(ListOptions::new().offset(1).limit(1)).await.unwrap()), ["a:2"]);
        assert_eq!(records.put("a:1", 0, &1).await.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(records.put("a:1", 1, &json!({ "n": 2 })).await.unwrap().version, 2);
        assert_eq!(records.patch("a:1", 2, &json!({ "m": 3 })).await.unwrap().version, 3);
        let merged = records.get::<Value>("a:1").await.unwrap().unwrap();
        assert_eq!(merged.value, json!({ "n": 2, "m": 3 }));
        assert_eq!(records.count().await.unwrap(), 3);
        assert_eq!(records.count_prefix("a:").await.unwrap(), 2);
        assert_eq!(records.count_range("a:2", "b:2").await.unwrap(), 2);
        let rows = records.mutate([
            Mutation::put("d", 0, &1),
            Mutation::patch("d", -1, &json!({ "x": 1 })),
            Mutation::delete(["a:1"]),
            Mutation::delete_prefix("b:", ()),
            Mutation::delete_range("a:", "a:3", ()),
        ]);
        assert_eq!(rows.await.unwrap(), [1, 1, 1, 1, 1]);
        assert_eq!(records.delete("d").await.unwrap(), 1);
        assert_eq!(records.delete_prefix("a:", ()).await.unwrap(), 0);
        assert_eq!(records.delete_range("a", "z", ()).await.unwrap(), 0);

        let latest = changes.latest().await.unwrap();
        let stream = changes.read::<Value>(ChangeOptions::new().kind("A").from(1).limit(1)).await.unwrap();
        assert_eq!((stream[0].seq, stream[0].action, &*stream[0].record.key), (1, Action::Create, "a:1"));
        assert_eq!(changes.trim(latest).await.unwrap(), latest - 1);
        assert_eq!(changes.latest().await.unwrap(), latest);

        let five = Duration::from_secs(300);
        assert!(locks.acquire("l", "me", five).await.unwrap().is_some());
        assert!(locks.acquire("l", "you", five).await.unwrap().is_none());
        assert_eq!(locks.status("l").await.unwrap().unwrap().owner, "me");
        assert!(!locks.release("l", "you").await.unwrap());
        // SetNow.
        world.advance(five);
        assert_eq!(locks.status("l").await.unwrap(), None);
    });
}

#[test]
fn consumers() {
    each(async |World { kv, .. }| {
        for n in 1..=3 {
            let typed = PutOptions::new().kind("Person");
            kv.records().put_with(format!("person:{n}"), -1, &n, typed).await.unwrap();
        }
        let mailer = kv.consumer("mailer", ConsumerOptions::new().kind("Person").limit(2));
        assert_eq!(mailer.get::<u32>().await.unwrap().len(), 2);
        mailer.commit(2).await.unwrap();
        let status = mailer.status().await.unwrap();
        assert_eq!((status.position, status.latest, status.lag), (2, 3, 1));
        assert_eq!(mailer.get::<u32>().await.unwrap()[0].record.value, 3);
        assert!(mailer.unlock().await.unwrap());
        assert!(mailer.delete().await.unwrap());
        let mut batches = mailer.stream::<u32>();
        let people: Vec<u32> =
            batches.next().await.unwrap().unwrap().into_iter().map(|change| change.record.value).collect();
        assert_eq!(people, [1, 2]);
    });
}

/// The example of creating a task.
async fn send_email(kv: &Store) -> String {
    let payload = json!({ "to": "user@example.com", "subject": "Hello" });
    let task = NewTask::new("send-email", &payload)
        .after(Duration::from_secs(5 * 60)) // Run in 5 minutes
        .max_retries(3)
        .timeout(Duration::from_secs(300));
    kv.tasks().create(task).await.unwrap().id
}

#[test]
fn creating_tasks_and_the_scheduler_interface() {
    each(async |world| {
        let tasks = world.kv.tasks();
        let id = send_email(&world.kv).await;
        let five = Duration::from_secs(5 * 60);
        assert_eq!(tasks.lock::<Value>("worker-1", five, "send-email").await.unwrap(), None);
        let waiting = tasks.get::<Value>(&*id).await.unwrap().unwrap();
        assert_eq!((waiting.status, waiting.timeout_ms), (TaskStatus::Pending, Some(300_000)));
        assert_eq!(waiting.scheduled_for, waiting.created + 300_000);
        world.advance(five);
        let task = tasks.lock::<Value>("worker-1", five, "send-email").await.unwrap().unwrap();
        assert_eq!(
            (&task.id, task.status, task.payload["subject"].as_str()),
            (&id, TaskStatus::Running, Some("Hello"))
        );
        let ended = tasks.release(&*id, task.token.unwrap(), Ending::Completed, None).await.unwrap();
        assert_eq!(ended, Some(TaskStatus::Completed));
        let other = send_email(&world.kv).await;
        assert!(tasks.cancel(&*other).await.unwrap());
        let cancelled =
            TaskOptions::new().status(TaskStatus::Cancelled).name("send-email").offset(0).limit(10);
        assert_eq!(tasks.list::<Value>(cancelled).await.unwrap()[0].id, other);
    });
}

#[test]
fn task_runner() {
    #[derive(Deserialize)]
    struct Email {
        to: String,
        subject: String,
    }
    each(async |world| {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopping = Mutex::new(Some(stopping));
        let sending = Arc::clone(&sent);
        let runner = world
            .kv
            .tasks()
            .worker()
            .id("worker-1")
            .poll_interval(Duration::from_secs(10))
            .lock_duration(Duration::from_secs(5 * 60))
            .handler("send-email", move |task: Task<Email>| {
                let Email { to, subject } = task.payload;
                sending.lock().unwrap().push(format!("Sending email to {to}: {subject}"));
                stopping.lock().unwrap().take().map(|stop| stop.send(()));
                async { Ok::<_, Error>(()) }
            })
            .handler("cleanup", |_: Task| async { Ok::<_, Error>(()) });
        send_email(&world.kv).await;
        world.advance(Duration::from_secs(5 * 60));
        // Run the task runner (until the context is cancelled).
        let summary = runner.run_until(stopped).await.unwrap();
        assert_eq!(summary.completed, 1);
        assert_eq!(*sent.lock().unwrap(), ["Sending email to user@example.com: Hello"]);
    });
}

#[test]
fn the_handlers_log_and_echo() {
    each(async |World { kv, .. }| {
        for name in ["log", "echo"] {
            let payload = json!({ "message": "Hello World" });
            kv.tasks().create(NewTask::new(name, &payload).id(name)).await.unwrap();
        }
        let worker = kv.tasks().worker().handler("log", handlers::log).handler("echo", handlers::echo);
        let done = async {
            crate::world::until(async || {
                let done = TaskOptions::new().status(TaskStatus::Completed);
                kv.tasks().list::<Value>(done).await.unwrap().len() == 2
            })
            .await;
        };
        assert_eq!(worker.run_until(done).await.unwrap().completed, 2);
    });
}

#[test]
fn implementing_cron_scheduling() {
    /// One turn of the example's loop.
    async fn tick(kv: &Store, instance: &str, minute: &str) -> Result<bool, Error> {
        let locks = kv.locks();
        if locks.acquire("cron-scheduler", instance, Duration::from_secs(5 * 60)).await?.is_none() {
            return Ok(false);
        }
        // An ID is taken once.
        let created = kv.tasks().create(NewTask::new("cleanup", &()).id(format!("cleanup@{minute}"))).await;
        locks.release("cron-scheduler", instance).await?;
        match created {
            Err(error) if error.kind() != Kind::Conflict => Err(error),
            created => Ok(created.is_ok()),
        }
    }
    each(async |World { kv, other, .. }| {
        let (first, second) =
            join(tick(&kv, "instance-1", "12:00"), tick(&other, "instance-2", "12:00")).await;
        assert_ne!(first.unwrap(), second.unwrap());
        assert!(tick(&kv, "instance-1", "12:01").await.unwrap());
        let tasks = kv.tasks().list::<()>(TaskOptions::new().name("cleanup")).await.unwrap();
        let ids: Vec<_> = tasks.iter().map(|task| &*task.id).collect();
        assert_eq!(ids, ["cleanup@12:00", "cleanup@12:01"]);
    });
}
