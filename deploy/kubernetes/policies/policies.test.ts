import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Manifest, OVERLAYS, parseManifests, readRendered } from "../manifest.ts";
import { POLICIES } from "./policies.ts";

test.each(OVERLAYS)("%s keeps every policy", (overlay) => {
  const manifests = readRendered(overlay);
  expect(
    POLICIES.flatMap(({ name, problems }) => problems(manifests).map((each) => `${name}: ${each}`)),
  ).toEqual([]);
});

const GPU = readRendered("gpu");

/** For each policy one change of the overlay `gpu` that it, and no other policy, must refuse. */
const SEEDED: Readonly<Record<string, { object: string; from: string; to: string }>> = {
  "non-root": { object: "Deployment medv-vision", from: '"runAsUser":65532', to: '"runAsUser":0' },
  seccomp: { object: "Deployment medv-vision", from: '"RuntimeDefault"', to: '"Unconfined"' },
  "own-machine": {
    object: "Deployment medv-vision",
    from: '"emptyDir":{"sizeLimit":"64Mi"}',
    to: '"hostPath":{"path":"/"}',
  },
  "no-privileges": {
    object: "Job medv-weights",
    from: '"allowPrivilegeEscalation":false',
    to: '"allowPrivilegeEscalation":true',
  },
  "read-only-root": {
    object: "Deployment medv-gateway",
    from: '"readOnlyRootFilesystem":true',
    to: '"readOnlyRootFilesystem":false',
  },
  "no-token": {
    object: "ServiceAccount medv-diffusion",
    from: '"automountServiceAccountToken":false',
    to: '"automountServiceAccountToken":true',
  },
  "no-service-links": {
    object: "Deployment medv-gateway",
    from: '"enableServiceLinks":false',
    to: '"enableServiceLinks":true',
  },
  "secrets-by-reference": {
    object: "Job medv-weights",
    from: /"valueFrom":\{"secretKeyRef":.*?\}\}/.source,
    to: '"value":"hf_0123"',
  },
  limits: { object: "Deployment medv-vision", from: '"memory":"8Gi","nvidia', to: '"nvidia' },
  "gpu-where-cuda": { object: "Deployment medv-vision", from: "0.1.0-cuda", to: "0.1.0-cpu" },
  "pinned-image": { object: "Deployment medv-gateway", from: ":0.1.0", to: ":latest" },
  probes: {
    object: "Deployment medv-diffusion",
    from: '"livenessProbe":{"failureThreshold":6,"grpc":{"port":50061}',
    to: '"livenessProbe":{"failureThreshold":6,"grpc":{"port":50061,"service":"medv.v1.DiffusionDecoder"}',
  },
  drain: {
    object: "Deployment medv-gateway",
    from: '"terminationGracePeriodSeconds":330',
    to: '"terminationGracePeriodSeconds":310',
  },
  disruption: {
    object: "PodDisruptionBudget medv-diffusion",
    from: '"maxUnavailable":1',
    to: '"maxUnavailable":0',
  },
  spread: {
    object: "Deployment medv-vision",
    from: '"topologyKey":"kubernetes.io/hostname"',
    to: '"topologyKey":"nowhere"',
  },
  "read-only-weights": {
    object: "Deployment medv-vision",
    from: '"mountPath":"/weights","name":"weights","readOnly":true',
    to: '"mountPath":"/weights","name":"weights"',
  },
  services: { object: "Service medv-vision", from: '"clusterIP":"None",', to: "" },
  "one-scaler": {
    object: "Deployment medv-diffusion",
    from: '"revisionHistoryLimit":5',
    to: '"revisionHistoryLimit":5,"replicas":3',
  },
  "default-deny": {
    object: "NetworkPolicy medv-default-deny",
    from: '"policyTypes":["Ingress","Egress"]',
    to: '"policyTypes":["Ingress"]',
  },
  edges: { object: "NetworkPolicy medv-weights", from: '"169.254.0.0/16",', to: "" },
  "ways-out": {
    object: "NetworkPolicy medv-cache",
    from: '"egress":[{',
    to: '"none":[{',
  },
  connected: {
    object: "NetworkPolicy medv-diffusion",
    from: '"egress":[{',
    to: '"none":[{',
  },
};

/** Policies on objects that must not be there at all. */
const ADDED: Readonly<Record<string, string>> = {
  "no-secret": "kind: Secret",
  "known-kinds": "kind: DaemonSet",
};

test("every policy has one seeded bad manifest", () => {
  const seeded = [...Object.keys(SEEDED), ...Object.keys(ADDED)];
  expect(seeded.toSorted()).toEqual(POLICIES.map(({ name }) => name).toSorted());
});

test.each(Object.entries(SEEDED))("the policy %s refuses its seeded bad manifest", (name, seed) => {
  const manifests = GPU.map((manifest) => {
    if (`${manifest.kind} ${manifest.metadata.name}` !== seed.object) return manifest;
    const text = JSON.stringify(manifest);
    const bad =
      name === "secrets-by-reference"
        ? text.replace(new RegExp(seed.from), seed.to)
        : text.replace(seed.from, seed.to);
    expect(bad).not.toBe(text);
    return JSON.parse(bad) as Manifest;
  });
  expect(refusing(manifests)).toContain(name);
  // The weights' policy needs its edge, which the widened one no longer is.
  expect(refusing(manifests)).toEqual(name === "edges" ? ["edges", "connected"] : [name]);
});

test.each(Object.entries(ADDED))("the policy %s refuses its seeded bad manifest", (name, kind) => {
  const bad = parseManifests(`apiVersion: v1\n${kind}\nmetadata: { name: bad }`);
  expect(refusing([...GPU, ...bad])).toContain(name);
});

test("the gateway leaves for the internet by HTTPS where a variable asks for it, and only there", () => {
  const outside = parseManifests(
    readFileSync(join(import.meta.dirname, "../components/outside/network.yaml"), "utf8"),
  );
  const withVariable = (name: string): readonly Manifest[] =>
    GPU.map((manifest) => {
      if (manifest.kind !== "Deployment" || manifest.metadata.name !== "medv-gateway") {
        return manifest;
      }
      const added = `"env":[{"name":"${name}","value":"https://login.example.org"},`;
      return JSON.parse(JSON.stringify(manifest).replace('"env":[', added)) as Manifest;
    });
  expect(refusing([...GPU, ...outside])).toEqual(["edges"]);
  for (const name of ["MEDV_JWKS_URL", "MEDV_IMAGE_URL_HOSTS"]) {
    expect(refusing(withVariable(name))).toEqual(["ways-out"]);
    expect(refusing([...withVariable(name), ...outside])).toEqual([]);
  }
});

test("a process may reach the collector of traces where a variable asks for it, and no other may", () => {
  const collector = "namespace medv-tracing=true:4318";
  const traced = GPU.find(({ metadata }) => metadata.name === "medv-tracing");
  const widened = (change: (text: string) => string): readonly Manifest[] =>
    GPU.map((each) =>
      each === traced ? (JSON.parse(change(JSON.stringify(each))) as Manifest) : each,
    );
  expect(breaches(widened((text) => text.replace('"diffusion"', '"diffusion","weights"')))).toEqual(
    [`weights > ${collector} is no edge of the design`],
  );
  expect(breaches(widened((text) => text.replace(',"diffusion"', "")))).toEqual([
    `diffusion > ${collector} may not leave, though a variable asks for it`,
  ]);
});

test("the namespace enforces Pod Security's level restricted", () => {
  const [namespace] = parseManifests(
    readFileSync(join(import.meta.dirname, "../namespace.yaml"), "utf8"),
  );
  expect(namespace?.metadata).toMatchObject({
    labels: { "pod-security.kubernetes.io/enforce": "restricted" },
  });
});

function breaches(manifests: readonly Manifest[]): readonly string[] {
  return POLICIES.flatMap(({ problems }) => problems(manifests));
}

function refusing(manifests: readonly Manifest[]): readonly string[] {
  return POLICIES.filter(({ problems }) => problems(manifests).length > 0).map(({ name }) => name);
}
