// The task board, its workers, and a lock.

import assert from "node:assert/strict";

export function amongTheTasks(it) {
  const card = (page, state, name) => page.locator(`.lane.${state} .card`, { hasText: name });
  const field = (page, label) => page.locator("#task-form").getByLabel(label, { exact: true });
  const worker = (page, nth, text) =>
    page.locator("#workers .worker", { hasText: `worker ${nth}` }).filter({ hasText: text });

  async function create(page, fields) {
    for (const [label, text] of Object.entries(fields)) await field(page, label).fill(text);
    await page.getByRole("button", { name: "Create", exact: true }).click();
  }
  const open = (page) => page.getByRole("tab", { name: "Tasks", exact: true }).click();
  const start = (page) => page.getByRole("button", { name: "Start a worker" }).click();

  it("runs a task to its end, and retries, cancels and requeues others", async ({ page }) => {
    await open(page);
    await create(page, { Name: "send-mail" });
    await card(page, "pending", "send-mail").waitFor();
    await start(page);
    await card(page, "running", "send-mail").waitFor();
    assert.match(await worker(page, 1, "runs send-mail").innerText(), /runs send-mail/);
    await card(page, "completed", "send-mail").waitFor();

    await create(page, { Name: "fail", Retries: "1" });
    await card(page, "pending", "retry in").waitFor();
    assert.match(
      await card(page, "pending", "fail").innerText(),
      /1 of 2 tries[^]*the mail server refused it/,
    );
    await create(page, { Name: "fail", Retries: "0" });
    await card(page, "failed", "fail").waitFor();
    await card(page, "failed", "fail").getByRole("button", { name: "Requeue fail" }).click();
    await card(page, "failed", "fail").waitFor();

    await create(page, { Name: "later", Delay: "5m", Priority: "7", Unique: "one" });
    const later = card(page, "pending", "later");
    await later.waitFor();
    assert.match(await later.innerText(), /due in (5:00|4:\d\d) · priority 7 · unique one/);
    await create(page, { Delay: "0" });
    await page.locator("#status", { hasText: "later is pending" }).waitFor({ state: "attached" });
    assert.equal(await later.count(), 1, "the same unique text gives the same task");
    await later.getByRole("button", { name: "Cancel later" }).click();
    await card(page, "cancelled", "later").waitFor();
    await create(page, { Payload: "{" });
    await page.locator("#task-error", { hasText: "no JSON" }).waitFor();
    await page.getByRole("button", { name: "Clear ended" }).click();
    await page.locator(".lane.completed .card").waitFor({ state: "detached" });
  });

  it("takes over the task of a crashed worker", async ({ page }) => {
    await open(page);
    await start(page);
    await create(page, { Name: "hang" });
    await worker(page, 1, "runs hang").waitFor();
    await start(page);
    await page.getByRole("button", { name: "Crash worker 1" }).click();
    await worker(page, 1, "has crashed").waitFor();
    await card(page, "running", "worker 2").waitFor();
    assert.match(await card(page, "running", "hang").innerText(), /2 of 2 tries/);
    await card(page, "running", "hang").getByRole("button", { name: "Cancel hang" }).click();
    await card(page, "cancelled", "hang").waitFor();
    await worker(page, 2, "waits for a task").waitFor();
    await page.getByRole("button", { name: "Stop worker 2" }).click();
    await worker(page, 2, "has stopped").waitFor();
  });

  it("shows who holds a lock, and that tokens grow", async ({ page }) => {
    await open(page);
    const log = page.locator("#lock-log p");
    const press = async (name) => {
      const before = await log.count();
      await page.getByRole("button", { name, exact: true }).click();
      await log.nth(before).waitFor();
      return log.first().innerText();
    };
    const token = (text) => Number(/acquired with token (\d+)/.exec(text)[1]);
    const first = token(await press("Acquire as Ada"));
    await page.locator("#lock-state", { hasText: `Ada holds it with token ${first}` }).waitFor();
    assert.equal(await press("Acquire as Ben"), "Ben refused: Ada holds it");
    assert.equal(await press("Acquire as Ada"), `Ada extended, still token ${first}`);
    assert.equal(await press("Release as Ben"), "Ben did not hold it");
    assert.equal(await press("Release as Ada"), "Ada released it");
    assert(token(await press("Acquire as Ben")) > first);
    await page.getByLabel("For", { exact: true }).fill("soon");
    assert.match(await press("Acquire as Ben"), /invalid-argument/);
  });
}
