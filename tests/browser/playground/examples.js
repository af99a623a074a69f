// The examples, each started with its button.

import assert from "node:assert/strict";

export function withTheExamples(it) {
  const examples = {
    session: [
      "Session cache",
      /signed in: {"userId":42[^]*seconds left: 1800[^]*signed out: {"error":"Session not found or expired"}/,
    ],
    views: [
      "Page views",
      /\/home: 3[^]*\/contact: 0[^]*ranking: \[{"url":"\/home","views":3},{"url":"\/about","views":1}\]/,
    ],
    queue: ["Task queue", /done: mail for user@example.com[^]*done: report 42[^]*the queue is empty: 0/],
    "rate-limit": [
      "Rate limit",
      /request 1: {"allowed":true,"remaining":9}[^]*request 10: {"allowed":true,"remaining":0}[^]*request 11: {"allowed":false,"remaining":0}/,
    ],
    otp: [
      "One-time password",
      /a wrong code: false[^]*the right code: true[^]*the same again: false[^]*too late: false/,
    ],
    cache: [
      "Cache with database",
      /Cache miss[^]*first: {"id":1,"name":"Alice"}[^]*Cache hit![^]*second: {"id":1,"name":"Alice"}[^]*Cache miss[^]*after the update: {"id":1,"name":"Alicia"}/,
    ],
  };
  for (const [id, [title, output]] of Object.entries(examples)) {
    it(`runs the example "${title}", and again`, async ({ page, logText }) => {
      for (let run = 1; run <= 2; run += 1) {
        await page.getByRole("button", { name: `Run ${title}`, exact: true }).click();
        await page
          .locator("#log .entry.note", { hasText: `${title}: done` })
          .nth(run - 1)
          .waitFor();
        const text = (await logText()).split(title).slice(-2)[0];
        assert.match(text, output);
        assert.match(text, /kv\.\w+\(.*\) → /, "each operation is shown with its answer");
      }
      assert.equal(await page.locator("#log .entry.error").count(), 0);
      assert.equal(
        await page.locator(`[data-example="${id}"] .example-head`).getAttribute("aria-current"),
        "true",
      );
      assert.match(await page.locator("#example-code").innerText(), /await kv\./, "the code is shown");
    });
  }
}
