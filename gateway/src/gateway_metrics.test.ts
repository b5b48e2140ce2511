import { afterAll, beforeAll, expect, test } from "vitest";
import { askAbout } from "./testing/ask_about.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

async function series(): Promise<number> {
  const metrics = await gateway.registry.getMetricsAsJSON();
  return metrics.reduce((sum, { values }) => sum + values.length, 0);
}

const REQUESTS = [
  {
    what: "models",
    send: (name: string) => {
      const body = JSON.stringify(askAbout([], { model: name }));
      return gateway.app.request("/v1/chat/completions", { method: "POST", body });
    },
  },
  { what: "paths", send: (name: string) => gateway.app.request(`/v1/${name}/${name}`) },
  { what: "methods", send: (name: string) => gateway.app.request("/v1/models", { method: name }) },
];

test.each(REQUESTS)(
  "1,000 $what that nobody knows make no series of their own",
  async ({ send }) => {
    expect((await send("FIRST")).status).toBeGreaterThanOrEqual(400);
    const before = await series();
    expect(before).toBeGreaterThan(10);
    for (let i = 0; i < 1_000; i++) await send(`N${i}`);
    expect(await series()).toBe(before);
  },
);
