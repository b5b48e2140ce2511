import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { OVERLAYS, renderedPath } from "./manifest.ts";
import { CHART, findHelm, findTool } from "./render.ts";

// Other people's linters, each where it is installed: none of them is an npm package or one of Debian's.
// Every test may start a process of its own on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

const helm = findHelm();

test.for(OVERLAYS)(
  "helm lint finds nothing in the chart with the values of %s",
  (overlay, { skip }) => {
    if (helm === undefined) {
      skip("helm is not here (.ci/run builds it where there is Go)");
      return;
    }
    const chosen = overlay === "laptop" ? [] : ["--values", join(CHART, `values-${overlay}.yaml`)];
    const args = ["lint", "--strict", "--kube-version", "1.34.0", CHART, ...chosen];
    const { status, stdout } = spawnSync(helm, args, { encoding: "utf8" });
    expect({ status, stdout }).toMatchObject({ status: 0 });
  },
);

test.for(OVERLAYS)("kube-linter finds nothing in %s", (overlay, { skip }) => {
  const linter = findTool("kube-linter", ["version"]);
  if (linter === undefined) {
    skip("kube-linter is not here");
    return;
  }
  const { status, stdout } = spawnSync(linter, ["lint", renderedPath(overlay)], {
    encoding: "utf8",
  });
  expect({ status, stdout }).toMatchObject({ status: 0 });
});

test.for(OVERLAYS)("kubeconform finds nothing in %s", (overlay, { skip }) => {
  const conform = findTool("kubeconform", ["-v"]);
  const schemas = process.env["KUBECONFORM_SCHEMAS"];
  if (conform === undefined) {
    skip("kubeconform is not here");
    return;
  }
  if (schemas === undefined) {
    skip("KUBECONFORM_SCHEMAS names no folder of schemas");
    return;
  }
  // Objects of operators, of which it knows nothing, are held against their schemas by ours.
  const args = ["-strict", "-ignore-missing-schemas", "-schema-location", schemas];
  const conforms = (text: string): ReturnType<typeof spawnSync> =>
    spawnSync(conform, [...args, "-summary"], { encoding: "utf8", input: text });
  const rendered = readFileSync(renderedPath(overlay), "utf8");
  const { status, stdout } = conforms(rendered);
  expect({ status, stdout }).toMatchObject({ status: 0 });
  // Where the schemas are not found, nothing is valid and nothing is wrong.
  expect(stdout).not.toContain("Valid: 0,");
  expect(conforms(rendered.replaceAll("replicas:", "replicaz:")).status).toBe(1);
});
