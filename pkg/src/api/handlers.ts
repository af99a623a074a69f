// Handlers of tasks for trying things out. What else a worker does is not known here.

import type { Task } from "../values/rows.js";

/** Prints a task's payload, as a console shows values: `handlers: { log }`. */
export function log(task: Task): void {
  console.log(task.payload);
}

/** Prints a task's payload as the store keeps it, in JSON: `handlers: { echo }`. */
export function echo(task: Task): void {
  console.log(JSON.stringify(task.payload));
}
