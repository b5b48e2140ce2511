import { describe, expect, test } from "vitest";
import { type Manifest, readRendered } from "../manifest.ts";
import { POLICIES } from "./policies.ts";

/** A container that keeps every policy. */
const GOOD = {
  name: "extra",
  image: "medv-extra:0.1.0",
  resources: {
    requests: { cpu: "1", memory: "1Gi" },
    limits: { cpu: "1", memory: "1Gi" },
  },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

const PROBES = {
  startupProbe: { tcpSocket: { port: 1 } },
  livenessProbe: { tcpSocket: { port: 1 } },
  readinessProbe: { exec: { command: ["true"] } },
};

/** One breach for each policy that looks at containers. */
const BREACHES = [
  {
    policy: "no-privileges",
    breach: { securityContext: { ...GOOD.securityContext, privileged: true } },
  },
  {
    policy: "read-only-root",
    breach: { securityContext: { ...GOOD.securityContext, readOnlyRootFilesystem: false } },
  },
  { policy: "secrets-by-reference", breach: { args: ["--password=0123"] } },
  { policy: "limits", breach: { resources: { requests: GOOD.resources.requests } } },
  { policy: "gpu-where-cuda", breach: { env: [{ name: "MEDV_DEVICE", value: "cuda" }] } },
  { policy: "pinned-image", breach: { image: "medv-extra" } },
  {
    policy: "read-only-weights",
    breach: { volumeMounts: [{ name: "weights", mountPath: "/weights" }] },
  },
];

describe.each([
  { place: "containers", good: { ...GOOD, ...PROBES } },
  { place: "initContainers", good: GOOD },
])("a container before the main one, in $place,", ({ place, good }) => {
  test("is let in where it is good, and the main one is still the one that drains", () => {
    expect(refusing(place, good)).toEqual([]);
  });

  test.each(BREACHES)("is refused by $policy where it is bad", ({ policy, breach }) => {
    expect(refusing(place, { ...good, ...breach })).toEqual([policy]);
  });
});

test("a container beside the main one needs probes too", () => {
  expect(refusing("containers", GOOD)).toEqual(["probes"]);
});

/** The policies that refuse the overlay `gpu` with one container more in vision. */
function refusing(place: string, container: object): readonly string[] {
  const extra = JSON.stringify(container);
  const manifests = readRendered("gpu").map((manifest) => {
    if (manifest.kind !== "Deployment" || manifest.metadata.name !== "medv-vision") return manifest;
    const text = JSON.stringify(manifest).replace(
      '"containers":[',
      place === "containers" ? `"containers":[${extra},` : `"${place}":[${extra}],"containers":[`,
    );
    return JSON.parse(text) as Manifest;
  });
  return POLICIES.filter(({ problems }) => problems(manifests).length > 0).map(({ name }) => name);
}
