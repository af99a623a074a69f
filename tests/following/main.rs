// What is built on records, changes, locks and tasks for asynchronous stores: watching, consumers, work under a lock,
// workers, schedules. Each test runs on a store that tells of changes and on one that has to be asked. What the operations
// themselves mean, the conformance cases tell.

mod consumer;
mod schedule;
mod seed;
mod watch;
mod with_lock;
mod worker;
mod world;
