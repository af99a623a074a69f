// A task queue: push at one end, take at
// the other.

async function enqueue(type, data) {
  const createdAt =
    new Date().toISOString();
  const task = JSON.stringify({
    type,
    data,
    createdAt,
  });
  return kv.rpush("task-queue", task);
}

async function dequeue() {
  const task = await kv.lpop(
    "task-queue",
  );
  return task === null
    ? null
    : JSON.parse(task);
}

const work = {
  "send-email": ({ to }) =>
    `mail for ${to}`,
  "generate-report": ({ userId }) =>
    `report ${userId}`,
};

await kv.del("task-queue");
await enqueue("send-email", {
  to: "user@example.com",
  subject: "Hello",
});
await enqueue("generate-report", {
  userId: 42,
});

let task;
while (
  (task = await dequeue()) !== null
) {
  console.log(
    "done:",
    work[task.type](task.data),
  );
}
console.log(
  "the queue is empty:",
  await kv.llen("task-queue"),
);
