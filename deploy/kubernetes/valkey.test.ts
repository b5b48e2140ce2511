import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REDIS_MISSING } from "@medv/runtime/testing/redis_server";
import { until } from "@medv/runtime/testing/until";
import { expect, test } from "vitest";
import { parseManifests, readRendered, type Manifest } from "./manifest.ts";
import { POLICIES } from "./policies/policies.ts";
import { workloadsOf } from "./policies/workload.ts";

const COMPONENT = ["valkey.yaml", "network.yaml"].flatMap((file) =>
  parseManifests(readFileSync(join(import.meta.dirname, "components/valkey", file), "utf8")),
);

test("the gateway and the services reach a cache of their own, and nobody else does", () => {
  const changed = (name: string, from: string, to: string): readonly Manifest[] =>
    COMPONENT.map((manifest) =>
      manifest.kind === "NetworkPolicy" && manifest.metadata.name === name
        ? edited(manifest, from, to)
        : manifest,
    );
  expect(breaches(COMPONENT)).toEqual([]);
  expect(breaches(changed("medv-valkey", '"diffusion"', '"diffusion","weights"'))).toEqual([
    "weights > valkey:6379 is no edge of the design",
  ]);
  expect(breaches(changed("medv-valkey-callers", ',"vision"', ""))).toEqual([
    "vision > valkey:6379 may not leave, though the design needs it",
  ]);
});

test("its password comes from a Secret and stands nowhere", () => {
  const readable = COMPONENT.map((manifest) =>
    edited(
      manifest,
      /"name":"REDISCLI_AUTH","valueFrom":\{.*?\}\}/,
      '"name":"REDISCLI_AUTH","value":"hunter2"',
    ),
  );
  expect(breaches(readable)).toEqual([
    expect.stringContaining("must take REDISCLI_AUTH from a Secret"),
  ]);
});

test("a server takes the arguments of the cache, and its probe asks with the password", async ({
  skip,
}) => {
  if (REDIS_MISSING !== undefined) {
    skip(REDIS_MISSING);
    return;
  }
  const container = workloadsOf(COMPONENT)[0]?.main;
  const password = "p".repeat(32);
  const args = (container?.args ?? []).map((each) =>
    each.replace("$(REDISCLI_AUTH)", () => password),
  );
  const folder = mkdtempSync(join(tmpdir(), "medv-valkey-"));
  const socket = join(folder, "socket");
  // Valkey goes on where Redis 7 stood: the same arguments, the same client.
  const server = spawn("redis-server", [...args, "--port", "0", "--unixsocket", socket], {
    cwd: folder,
    stdio: "ignore",
  });
  try {
    const ask = (words: readonly string[], auth = password): string => {
      const env = { ...process.env, REDISCLI_AUTH: auth };
      const options = { env, encoding: "utf8" } as const;
      const { status, stdout } = spawnSync("redis-cli", ["-s", socket, ...words], options);
      return `${status} ${stdout.trim().replaceAll("\n", " ")}`;
    };
    const [, ...probe] = container?.readinessProbe?.exec?.command ?? [];
    await until(
      "the cache answers its probe, or ends",
      () => server.exitCode !== null || ask(probe) === "0 PONG",
    );
    expect(ask(probe)).toBe("0 PONG");
    expect(ask(probe, "wrong")).not.toMatch(/^0/);
    expect(ask(["config", "get", "maxmemory"])).toBe(`0 maxmemory ${2 ** 30}`);
    expect(ask(["config", "get", "maxmemory-policy"])).toContain("allkeys-lru");
    expect(ask(["config", "get", "save"])).toBe("0 save");
  } finally {
    if (server.kill()) await once(server, "exit");
    rmSync(folder, { recursive: true });
  }
});

function edited(manifest: Manifest, from: string | RegExp, to: string): Manifest {
  return JSON.parse(JSON.stringify(manifest).replace(from, to)) as Manifest;
}

/** What the policies say against the overlay `gpu` with a component added. */
function breaches(component: readonly Manifest[]): readonly string[] {
  return POLICIES.flatMap(({ problems }) => problems([...readRendered("gpu"), ...component]));
}
