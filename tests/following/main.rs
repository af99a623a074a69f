// What is built on records, changes, locks and tasks for asynchronous stores: watching, consumers, work under a lock,
// workers, schedules. Each test runs on a store in memory, which tells of changes, on one that has to be asked, in a SQLite
// file and on a real redis-server. What the operations themselves mean, the conformance cases tell.

mod consumer;
mod schedule;
mod seed;
#[path = "../support/mod.rs"]
mod support;
mod watch;
mod with_lock;
mod worker;
mod world;
