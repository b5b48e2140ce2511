import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { readMetric } from "./read_metric.ts";
import { startStack, type ProcessName, type Stack } from "./stack.ts";

const MONITORING = join(import.meta.dirname, "../deploy/monitoring");
const CANARY = "canary-zebrafish-4711";
const PROCESSES = ["gateway", "vision", "diffusion"] as const;

let stack: Stack;
const statuses: number[] = [];
let scraped: Readonly<Record<ProcessName, string>>;

beforeAll(async () => {
  // One answer at a time, so that others wait.
  stack = await startStack({ MEDV_MAX_BATCH_ROWS: "1" });
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
  ["vision", 'medv_vision_encodes_total{origin="run"} 1'],
  ["vision", "medv_vision_queued_seconds 0"],
  ["diffusion", 'medv_diffusion_embedding_lookups_total{origin="pulled"} 1'],
  ["diffusion", 'medv_diffusion_embedding_lookups_total{origin="memory"} 1'],
  ["diffusion", "medv_diffusion_queued_rows 0"],
  ["diffusion", "medv_diffusion_running_rows 0"],
  ["diffusion", "medv_diffusion_memory_ratio 0"],
  ["diffusion", "medv_diffusion_queued_seconds 0"],
] as const)("the metrics of %s say %s after two answers and a refusal", (name, line) => {
  expect(scraped[name].split("\n")).toContain(line);
});

test("the requests behind the metrics were two answers and two refusals", () => {
  expect(statuses).toEqual([200, 200, 404, 404]);
});

test("no metric repeats what a caller sent", () => {
  for (const name of PROCESSES) expect(scraped[name]).not.toContain(CANARY);
});

test("what waits, what runs, what memory it takes and what it will cost show while answers are under way", async () => {
  const leaving = new AbortController();
  const asked = Array.from({ length: 8 }, () =>
    fetch(`${stack.url}/v1/answers`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "llada-medv-phantom",
        messages: [{ role: "user", content: "What is shown?" }],
        diffusion: { gen_length: 1024, min_tokens: 1024 },
      }),
      signal: leaving.signal,
    }),
  );
  const names = ["memory_ratio", "queued_rows", "queued_seconds", "running_rows"];
  // All of them each time: one after the other, the answers may be over before the last is looked at.
  const shown = new Set<string>();
  const look = async (name: string): Promise<void> => {
    const now = await readMetric(stack.metrics.diffusion, `medv_diffusion_${name}`);
    if (now > 0) shown.add(name);
  };
  await expect
    .poll(async () => {
      await Promise.all(names.map(look));
      return [...shown].toSorted();
    })
    .toEqual(names);
  leaving.abort();
  await Promise.allSettled(asked);
});

type Rule = {
  readonly expr: string;
  readonly alert?: string;
  readonly record?: string;
  readonly annotations?: { readonly action?: string };
};

async function readRules(): Promise<readonly Rule[]> {
  const text = await readFile(join(MONITORING, "alerts.yaml"), "utf8");
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

/** What dashboard, rules and promises ask of Prometheus. */
async function readQueries(): Promise<readonly string[]> {
  const dashboard = JSON.parse(await readFile(join(MONITORING, "dashboard.json"), "utf8")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const promises = await readFile(join(MONITORING, "SLO.md"), "utf8");
  return [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...(await readRules()).map(({ expr }) => expr),
    ...[...promises.matchAll(/^promtool query instant \S+ '(.+)'$/gm)].map(
      ([, expr]) => expr ?? "",
    ),
  ];
}

/** The lines of all processes with values of this metric. */
function linesOf(metric: string): readonly string[] {
  return PROCESSES.flatMap((name) =>
    scraped[name].split("\n").filter((line) => /^[a-z0-9_]+/.exec(line)?.[0] === metric),
  );
}

test.for(PROCESSES)("promtool finds nothing in the metrics of %s", (name, { skip }) => {
  if (spawnSync("promtool", ["--version"], { stdio: "ignore" }).status !== 0) {
    skip("promtool, of Debian's package prometheus, is not here");
    return;
  }
  const { stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    encoding: "utf8",
    input: scraped[name],
  });
  // Three gauges of prom-client's own have names of counters.
  const ours = (stdout + stderr).split("\n").filter((line) => !/^(nodejs_|$)/.test(line));
  expect(ours).toEqual([]);
});

test("every metric that dashboard, alerts and promises name is there", async () => {
  const queries = await readQueries();
  const named = new Set(
    queries.flatMap((query) => query.match(/\b(medv|process|nodejs)_[a-z0-9_]+/g) ?? []),
  );
  expect(named.size).toBeGreaterThan(20);
  const known = PROCESSES.map((name) => scraped[name]).join("\n");
  const missing = [...named].filter(
    (name) => !known.includes(`# TYPE ${name.replace(/_(bucket|sum|count)$/, "")} `),
  );
  expect(missing).toEqual([]);
});

test("every label that they choose by or sum by is one of the metric's", async () => {
  const missing: string[] = [];
  let checked = 0;
  const chosen = /\b(medv_[a-z0-9_]+)\{([^}]*)\}/g;
  const summed = /\bby \(([^)]*)\) \(+(?:rate|increase)?\(?(medv_[a-z0-9_]+)/g;
  for (const query of await readQueries()) {
    const uses = [
      ...[...query.matchAll(chosen)].map(([, metric = "", labels = ""]) => ({
        metric,
        labels: labels.match(/[a-z_]+(?==|!|~)/g) ?? [],
      })),
      ...[...query.matchAll(summed)].map(([, labels = "", metric = ""]) => ({
        metric,
        labels: labels.split(", "),
      })),
    ];
    for (const { metric, labels } of uses) {
      for (const label of labels) {
        // Prometheus adds where it was scraped.
        checked++;
        const isKnown =
          label === "pod" || linesOf(metric).some((line) => line.includes(`${label}="`));
        if (!isKnown) missing.push(`${metric} ${label}`);
      }
    }
  }
  expect(missing).toEqual([]);
  expect(checked).toBeGreaterThan(20);
});

test("every recorded series that a rule uses is recorded, and every alert says what to do", async () => {
  const rules = await readRules();
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const used = rules.flatMap(({ expr }) => expr.match(/\bmedv:[a-z0-9_:]+/g) ?? []);
  expect(used.length).toBeGreaterThan(3);
  expect(used.filter((name) => !recorded.has(name))).toEqual([]);
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  expect(alerts.filter(({ annotations }) => !annotations?.action)).toEqual([]);
});
