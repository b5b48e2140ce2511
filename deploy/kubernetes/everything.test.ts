import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { byName } from "./by_name.ts";
import { parseManifests } from "./manifest.ts";
import { POLICIES } from "./policies/policies.ts";
import { findHelm, findKustomize, renderChart, renderFolder } from "./render.ts";
import { schemaProblems } from "./schema_problems.ts";

// Every test may start processes of its own on a machine that is busy.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = join(import.meta.dirname, "../..");
const helm = findHelm();
const kustomize = findKustomize();
const NO_TOOL = "helm, and kustomize or kubectl, must be here to compare what they render";

/** What the overlays leave out, as the chart's values say it. */
const VALUES = {
  jsonWebTokens: {
    jwksUrl: "https://login.example.org/keys",
    issuer: "https://login.example.org",
    audience: "medv",
  },
  imageUrls: { hosts: ["images.example.org", "archive.example.org"] },
  "route.hostnames": ["medv.example.org"],
  "weights.storageClassName": "shared",
  "valkey.enabled": true,
};

/** The same in an overlay of one's own. */
const KUSTOMIZATION = `
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: medv
resources: [../../deploy/kubernetes/overlays/gpu]
components: [../../deploy/kubernetes/components/outside, ../../deploy/kubernetes/components/valkey]
patches:
  - target: { kind: Deployment, name: medv-gateway }
    patch: |-
      - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: MEDV_JWKS_URL, value: "https://login.example.org/keys" } }
      - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: MEDV_JWT_ISSUER, value: "https://login.example.org" } }
      - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: MEDV_JWT_AUDIENCE, value: medv } }
      - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: MEDV_IMAGE_URL_HOSTS, value: "images.example.org,archive.example.org" } }
  - target: { kind: HTTPRoute }
    patch: |-
      - { op: add, path: /spec/hostnames, value: [medv.example.org] }
  - target: { kind: PersistentVolumeClaim }
    patch: |-
      - { op: add, path: /spec/storageClassName, value: shared }
`;

test("the chart with everything switched on renders what an overlay with every component does", ({
  skip,
}) => {
  if (helm === undefined || kustomize === undefined) {
    skip(NO_TOOL);
    return;
  }
  const cache = join(ROOT, ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "overlay-"));
  try {
    writeFileSync(join(folder, "kustomization.yaml"), KUSTOMIZATION);
    const fromOverlay = byName(parseManifests(renderFolder(kustomize, folder)));
    const fromChart = byName(parseManifests(renderEverything(helm)));
    expect(Object.keys(fromChart)).toEqual(Object.keys(fromOverlay));
    expect(fromChart).toEqual(fromOverlay);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the chart with everything switched on fits the schemas and keeps every policy", async ({
  skip,
}) => {
  if (helm === undefined) {
    skip(NO_TOOL);
    return;
  }
  const manifests = parseManifests(renderEverything(helm));
  expect(manifests.map(({ metadata }) => metadata.name)).toContain("medv-gateway-outside");
  expect(await schemaProblems(manifests)).toEqual([]);
  expect(POLICIES.flatMap(({ problems }) => problems(manifests))).toEqual([]);
});

function renderEverything(tool: string): string {
  const sets = Object.entries(VALUES).flatMap(([key, value]) => [
    "--set-json",
    `${key}=${JSON.stringify(value)}`,
  ]);
  return renderChart(tool, "gpu", sets);
}
