// A task queue, as in the qi guide: push at one end, pop at the other.

export const title = "Task queue";
export const about =
  "Push jobs, let a worker take them";

export async function run(kv, say) {
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
    const task = await kv.lpop("task-queue");
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
  while ((task = await dequeue()) !== null) {
    say("done:", work[task.type](task.data));
  }
  say(
    "the queue is empty:",
    await kv.llen("task-queue"),
  );
}
