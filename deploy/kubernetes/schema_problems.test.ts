import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Manifest, OVERLAYS, parseManifests, readRendered } from "./manifest.ts";
import { schemaProblems } from "./schema_problems.ts";

const TIMEOUT_MS = 60_000;

test.each(OVERLAYS)(
  "every object of %s fits its schema, field by field",
  async (overlay) => {
    const manifests = readRendered(overlay);
    expect(manifests.length).toBeGreaterThan(10);
    expect(await schemaProblems(manifests)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "the namespace fits its schema",
  async () => {
    const text = readFileSync(join(import.meta.dirname, "namespace.yaml"), "utf8");
    expect(await schemaProblems(parseManifests(text))).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "schemaProblems() refuses unknown fields, wrong types and wrong quantities, of Kubernetes and of the operators",
  async () => {
    const bad = readRendered("gpu").map((manifest) => {
      let text = JSON.stringify(manifest);
      if (manifest.kind === "Deployment" && manifest.metadata.name === "medv-vision") {
        text = text.replace('"periodSeconds":', '"periodSecond":');
      }
      if (manifest.kind === "Deployment" && manifest.metadata.name === "medv-gateway") {
        text = text.replace('"memory":"768Mi"', '"memory":"768 MiB"');
      }
      if (manifest.kind === "Service") text = text.replace('"port":80', '"port":"eighty"');
      if (manifest.kind === "ScaledObject") text = text.replace("pollingInterval", "polInterval");
      if (manifest.kind === "ServiceMonitor") text = text.replace('"selector"', '"select"');
      if (manifest.kind === "HTTPRoute") text = text.replace('"330s"', '"330 s"');
      return JSON.parse(text) as Manifest;
    });
    const problems = await schemaProblems(bad);
    for (const problem of [
      /^Deployment medv-vision: .*periodSecond/m,
      /^Deployment medv-gateway: .*memory/m,
      /^Service medv-gateway: /m,
      /^ScaledObject medv-diffusion: .*polInterval/m,
      /^ServiceMonitor medv: /m,
      /^HTTPRoute medv: .*timeouts/m,
    ]) {
      expect(problems.join("\n")).toMatch(problem);
    }
  },
  TIMEOUT_MS,
);
