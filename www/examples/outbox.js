// A mail that must be sent once: the order
// and its task are written as one. Either
// both are there or neither.
const id = crypto.randomUUID();

await kv.records.mutate([
  {
    put: `order:${id}`,
    version: 0,
    value: { to: "ada@example.org" },
    type: "Order",
  },
  {
    task: {
      name: "confirm",
      id: `confirm:${id}`,
      payload: { order: `order:${id}` },
    },
  },
]);

const stop = new AbortController();
const worker = kv.tasks.worker({
  handlers: {
    async confirm(task) {
      const order = await kv.records.get(
        task.payload.order,
      );
      console.log(
        "mail to",
        order.value.to,
      );
    },
  },
  report: ({ task, status }) => {
    console.log(task.name, status);
    stop.abort();
  },
  signal: stop.signal,
});
await worker.done;
await kv.tasks.get(`confirm:${id}`);
