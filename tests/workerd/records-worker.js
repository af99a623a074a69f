// A Worker that does what is built on records: it reads a change by a consumer and runs a scheduled task.

import { connect } from "omnikv";

export default {
  async fetch() {
    await using kv = await connect("memory:");
    await kv.records.put("a", -1, { n: 1 });
    const seen = [];
    for await (const change of kv.consumer("c", { commit: "each" })) {
      seen.push(change.record.key);
      break;
    }
    const worker = kv.tasks.worker({
      handlers: { tick: ({ name }) => seen.push(name) },
      schedules: { tick: "* * * * * *" },
      report: () => void worker.stop(),
    });
    await worker.done;
    return Response.json(seen);
  },
};
