import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { startStack, type ProcessName, type Stack } from "./stack.ts";

const MONITORING = join(import.meta.dirname, "../deploy/monitoring");
const CANARY = "canary-zebrafish-4711";
const PROCESSES = ["gateway", "vision", "diffusion"] as const;

let stack: Stack;
const statuses: number[] = [];
let scraped: Readonly<Record<ProcessName, string>>;

beforeAll(async () => {
  stack = await startStack();
  const image = await readFile(join(import.meta.dirname, "../gateway/web/samples/chest_xray.png"));
  const { data } = (await (await fetch(`${stack.url}/v1/models`)).json()) as {
    data: { id: string }[];
  };
  const url = `data:image/png;base64,${image.toString("base64")}`;
  const content = [
    { type: "image_url", image_url: { url } },
    { type: "text", text: `Is there a nodule? ${CANARY}` },
  ];
  const ask = (model: unknown): Promise<Response> =>
    fetch(`${stack.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        messages: [{ role: "user", content }],
        max_tokens: 16,
        diffusion: { min_tokens: 4 },
      }),
    });
  const asked = [data[0]?.id, data[0]?.id, CANARY];
  for (const model of asked) statuses.push((await ask(model)).status);
  statuses.push((await fetch(`${stack.url}/${CANARY}`)).status);
  const texts = PROCESSES.map(async (name) => [
    name,
    await (await fetch(stack.metrics[name])).text(),
  ]);
  scraped = Object.fromEntries(await Promise.all(texts)) as typeof scraped;
}, 120_000);

afterAll(() => stack.stop());

test.each([
  [
    "gateway",
    'medv_gateway_requests_total{method="POST",route="/v1/chat/completions",status="200"} 2',
  ],
  ["gateway", 'medv_gateway_refusals_total{code="unknown_model"} 1'],
  ["gateway", 'medv_gateway_image_lookups_total{outcome="miss"} 1'],
  ["gateway", 'medv_gateway_image_lookups_total{outcome="hit"} 1'],
  ["gateway", "medv_gateway_first_text_seconds_count 2"],
  ["vision", 'medv_vision_encodes_total{outcome="run"} 1'],
  ["diffusion", 'medv_diffusion_embedding_lookups_total{outcome="pulled"} 1'],
  ["diffusion", 'medv_diffusion_embedding_lookups_total{outcome="hit"} 1'],
  ["diffusion", "medv_diffusion_queued_rows 0"],
  ["diffusion", "medv_diffusion_running_rows 0"],
  ["diffusion", "medv_diffusion_memory_ratio 0"],
] as const)("the metrics of %s say %s after two answers and a refusal", (name, line) => {
  expect(scraped[name].split("\n")).toContain(line);
});

test("the requests behind the metrics were two answers and two refusals", () => {
  expect(statuses).toEqual([200, 200, 404, 404]);
});

test("no metric repeats what a caller sent", () => {
  for (const name of PROCESSES) expect(scraped[name]).not.toContain(CANARY);
});

test("every metric that dashboard and alerts name is there", async () => {
  const dashboard = JSON.parse(await readFile(join(MONITORING, "dashboard.json"), "utf8")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const alerts = parse(await readFile(join(MONITORING, "alerts.yaml"), "utf8")) as {
    groups: { rules: { expr: string; alert?: string; annotations?: { action?: string } }[] }[];
  };
  const rules = alerts.groups.flatMap((group) => group.rules);
  const expressions = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...rules.map(({ expr }) => expr),
  ];
  const named = new Set(
    expressions.flatMap((expr) => expr.match(/\b(medv|process|nodejs)_[a-z0-9_]+/g) ?? []),
  );
  expect(named.size).toBeGreaterThan(20);
  const known = PROCESSES.map((name) => scraped[name]).join("\n");
  const missing = [...named].filter(
    (name) => !known.includes(`# TYPE ${name.replace(/_(bucket|sum|count)$/, "")} `),
  );
  expect(missing).toEqual([]);
  const alarms = rules.filter(({ alert }) => alert !== undefined);
  expect(alarms.filter(({ annotations }) => !annotations?.action)).toEqual([]);
});
