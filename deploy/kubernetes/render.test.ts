import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { describe, expect, test, vi } from "vitest";
import { byName } from "./by_name.ts";
import { OVERLAYS, parseManifests, readRendered, renderedPath } from "./manifest.ts";
import { CHART, findHelm, findKustomize, renderChart, renderOverlay } from "./render.ts";

// Every test may start a process of its own on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

const kustomize = findKustomize();
const helm = findHelm();
const NO_KUSTOMIZE =
  "neither kustomize nor kubectl is here: the rendered files are taken as they are";
const NO_HELM = "helm is not here (.ci/run builds it where there is Go): the chart is not rendered";

describe.each(OVERLAYS)("%s", (overlay) => {
  test("the rendered file is what Kustomize makes of the overlay: after a change, `npm run render` writes it", ({
    skip,
  }) => {
    if (kustomize === undefined) {
      skip(NO_KUSTOMIZE);
      return;
    }
    const [, ...rendered] = readFileSync(renderedPath(overlay), "utf8").split("\n");
    expect(parseManifests(rendered.join("\n"))).toEqual(
      parseManifests(renderOverlay(kustomize, overlay)),
    );
  });

  test("the chart renders the same objects", ({ skip }) => {
    if (helm === undefined) {
      skip(NO_HELM);
      return;
    }
    const fromChart = byName(parseManifests(renderChart(helm, overlay)));
    const fromOverlay = byName(readRendered(overlay));
    expect(Object.keys(fromChart)).toEqual(Object.keys(fromOverlay));
    expect(fromChart).toEqual(fromOverlay);
  });
});

test("the comparison sees one replica more", ({ skip }) => {
  if (helm === undefined) {
    skip(NO_HELM);
    return;
  }
  const more = renderChart(helm, "laptop", ["--set", "gateway.replicas=2"]);
  expect(byName(parseManifests(more))).not.toEqual(byName(readRendered("laptop")));
});

test("the Job of another version has another name, and nothing else has", ({ skip }) => {
  if (helm === undefined) {
    skip(NO_HELM);
    return;
  }
  const [now, next] = [namesOf(helm, "0.1.0"), namesOf(helm, "0.2.0_RC.1")];
  expect(now.filter((name) => !next.includes(name))).toEqual(["Job medv-weights-0-1-0-cuda"]);
  expect(next.filter((name) => !now.includes(name))).toEqual(["Job medv-weights-0-2-0-rc-1-cuda"]);
});

/** The longest that values.schema.json takes. */
const LONGEST_TAG = "a".repeat(45);

test("with the longest tag the Job's name is as long as the label that Kubernetes makes of it", ({
  skip,
}) => {
  if (helm === undefined) {
    skip(NO_HELM);
    return;
  }
  const [job = ""] = namesOf(helm, LONGEST_TAG).filter((name) => name.startsWith("Job "));
  expect(job.replace("Job ", "")).toHaveLength(63);
});

describe("values.schema.json", () => {
  const schema: unknown = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));
  const validate = new Ajv({ allErrors: true }).compile(schema as object);
  test.each(["values-cpu.yaml", "values-gpu.yaml"])("takes %s over the defaults", (name) => {
    const defaults = values("values.yaml");
    const merged = Object.fromEntries(
      Object.entries(defaults).map(([key, value]) => [key, { ...value, ...values(name)[key] }]),
    );
    validate(merged);
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each([
    { what: "an unknown value", change: { gatway: {} }, path: "" },
    { what: "the tag latest", change: { image: { tag: "latest" } }, path: "/image/tag" },
    {
      what: "a tag that makes a name too long",
      change: { image: { tag: `${LONGEST_TAG}a` } },
      path: "/image/tag",
    },
    { what: "no replica", change: { vision: { replicas: 0 } }, path: "/vision/replicas" },
    {
      what: "a text for a switch",
      change: { tls: { enabled: "yes" } },
      path: "/tls/enabled",
    },
    {
      what: "resources without limits",
      change: { gateway: { resources: { requests: { cpu: "1", memory: "1Gi" } } } },
      path: "/gateway/resources",
    },
    {
      what: "a cache of its own that nothing uses",
      change: { valkey: { enabled: true } },
      path: "/cache/enabled",
    },
    {
      what: "a cache without a version",
      change: { valkey: { image: "valkey/valkey" } },
      path: "/valkey/image",
    },
    {
      what: "keys of callers' tokens without the name of who issues them",
      change: { jsonWebTokens: { jwksUrl: "https://login.example.org", audience: "medv" } },
      path: "/jsonWebTokens/issuer",
    },
  ])("refuses $what", ({ change, path }) => {
    const defaults = values("values.yaml");
    const bad = { ...defaults };
    for (const [key, value] of Object.entries(change)) bad[key] = { ...bad[key], ...value };
    expect(validate(bad)).toBe(false);
    expect(validate.errors?.map((error) => error.instancePath)).toContain(path);
  });

  test("helm refuses by it what it does not know", ({ skip }) => {
    if (helm === undefined) {
      skip(NO_HELM);
      return;
    }
    expect(() => renderChart(helm, "laptop", ["--set", "tls.enabeld=true"])).toThrow(/enabeld/);
  });
});

/** Kind and name of all that the chart makes with GPUs of this version. */
function namesOf(tool: string, tag: string): readonly string[] {
  const rendered = renderChart(tool, "gpu", ["--set-string", `image.tag=${tag}`]);
  return Object.keys(byName(parseManifests(rendered)));
}

function values(name: string): Record<string, Record<string, unknown>> {
  return parse(readFileSync(join(CHART, name), "utf8")) as Record<string, Record<string, unknown>>;
}
