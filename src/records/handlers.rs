// Handlers of tasks for trying things out. What else a worker does is not known here.

//! Handlers for trying out a [`Worker`](crate::Worker): `worker.handler("log", handlers::log)`.

use crate::error::Result;
use crate::operations::Task;
use serde_json::Value;

/// Prints a task's payload as people read it: JSON with line breaks.
///
/// # Errors
///
/// None.
pub async fn log(task: Task<Value>) -> Result<()> {
    println!("{:#}", task.payload);
    Ok(())
}

/// Prints a task's payload as the store keeps it, in JSON.
///
/// # Errors
///
/// None.
pub async fn echo(task: Task) -> Result<()> {
    println!("{}", task.payload);
    Ok(())
}
