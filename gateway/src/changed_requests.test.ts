import { assert, asyncProperty, constantFrom, oneof, sample, string } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changes, mutated } from "./image/testing/mutation.ts";
import { askAbout } from "./testing/ask_about.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

const RUNS = { numRuns: 100, seed: 1 };
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

test("a multipart body that is no image, however it was changed, is refused clearly", async () => {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(300)], "a.png"));
  const whole = new Request("http://gateway/", { method: "POST", body: form });
  const type = whole.headers.get("content-type") ?? "";
  const bytes = new Uint8Array(await whole.arrayBuffer());
  await assert(
    asyncProperty(changes, async (each) => {
      const response = await gateway.app.request("/v1/images", {
        method: "POST",
        headers: { "content-type": type },
        body: new Uint8Array(mutated(bytes, each)),
      });
      expect([400, 413, 415, 422]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        detail: expect.stringMatching(/^Cannot .+ as /),
      });
    }),
    RUNS,
  );
});

test.each(["/v1/answers", "/v1/chat/completions"])(
  "a body of JSON for %s about an image that is not there, however it was changed, is refused clearly",
  async (path) => {
    const asked = { temperature: 0.5, stop: ["a"], seed: 3, diffusion: { gen_length: 8 } };
    const bytes = Buffer.from(JSON.stringify(askAbout(["medv-image:a"], asked)));
    for (const each of sample(changes, RUNS)) {
      const body = new Uint8Array(mutated(bytes, each));
      const response = await gateway.app.request(path, { method: "POST", body });
      expect([400, 404, 413]).toContain(response.status);
      expect(await response.text()).toMatch(/Cannot .+ as /);
    }
  },
);

test("a Last-Event-ID is taken or refused as one, whatever it says", async () => {
  const body = JSON.stringify(askAbout([], { on_disconnect: "continue" }));
  const answer = await gateway.app.request("/v1/answers", { method: "POST", body });
  const [, id = ""] = /^id: (\w+)\.0$/m.exec(await answer.text()) ?? [];
  const printable = string({ unit: "grapheme-ascii" });
  const number = oneof(printable, constantFrom("0", "4", "999999999", "-1", "1e3", "0x1", " 1"));
  await assert(
    asyncProperty(constantFrom("", id, `${id}.`), number, async (head, tail) => {
      const headers = { "last-event-id": `${head}${tail}` };
      const response = await gateway.app.request(`/v1/answers/${id}`, { headers });
      expect([200, 400]).toContain(response.status);
      const text = await response.text();
      expect(text.includes("Last-Event-ID")).toBe(response.status === 400);
    }),
    RUNS,
  );
});
