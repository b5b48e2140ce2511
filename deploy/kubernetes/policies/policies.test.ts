import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Manifest, OVERLAYS, parseManifests, readRendered } from "../manifest.ts";
import { POLICIES } from "./policies.ts";
import { BAD_KINDS, BAD_MANIFESTS } from "./bad_manifests.ts";

test.each(OVERLAYS)("%s keeps every policy", (overlay) => {
  const manifests = readRendered(overlay);
  expect(
    POLICIES.flatMap(({ name, problems }) => problems(manifests).map((each) => `${name}: ${each}`)),
  ).toEqual([]);
});

const GPU = readRendered("gpu");

test("every policy has a bad manifest", () => {
  const refused = new Set([
    ...BAD_MANIFESTS.map(({ policy }) => policy),
    ...Object.keys(BAD_KINDS),
  ]);
  expect([...refused].toSorted()).toEqual(POLICIES.map(({ name }) => name).toSorted());
});

test.each(BAD_MANIFESTS)(
  "$policy alone refuses $object with $to",
  ({ policy, object, from, to, also }) => {
    const manifests = GPU.map((manifest) => {
      if (`${manifest.kind} ${manifest.metadata.name}` !== object) return manifest;
      const text = JSON.stringify(manifest);
      const bad = text.replace(from, to);
      expect(bad).not.toBe(text);
      return JSON.parse(bad) as Manifest;
    });
    expect(manifests).not.toEqual(GPU);
    expect(refusing(manifests).toSorted()).toEqual([policy, ...(also ?? [])].toSorted());
  },
);

test.each(Object.entries(BAD_KINDS))("the policy %s refuses a %s", (name, kind) => {
  const bad = parseManifests(`apiVersion: v1\nkind: ${kind}\nmetadata: { name: bad }`);
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
