import { spawn, spawnSync } from "node:child_process";
import { openSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { freePort } from "@medv/runtime/free_port";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { ended, PROCESSES, startProcess } from "../start_process.ts";
import { ask, drawImage } from "./ask.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { copyCheckpoint } from "./copy_checkpoint.ts";

const ROOT = join(import.meta.dirname, "../..");

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
});

/** Sums of a checkpoint's files, and where the list stands. */
function sumsOf(folder: string): string {
  const path = `${folder}.sums`;
  const lines = readdirSync(folder).map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(path, lines.join(""));
  return path;
}

const WEIGHTS = "model.safetensors";

const DAMAGES = [
  {
    what: "is missing",
    damage: (folder: string) => rmSync(folder, { recursive: true }),
    says: /Cannot open checkpoint .* as it must be a folder/,
  },
  {
    what: "has no weights",
    damage: (folder: string) => rmSync(join(folder, WEIGHTS)),
    says: /Cannot open checkpoint .* as it must have model\.safetensors/,
  },
  {
    what: "is truncated",
    damage: (folder: string) => truncateSync(join(folder, WEIGHTS), 1_000_000),
    says: /Cannot .*(safetensors|tensor)/,
  },
  {
    what: "has one changed byte",
    damage: (folder: string) => {
      const bytes = readFileSync(join(folder, WEIGHTS));
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(join(folder, WEIGHTS), bytes);
    },
    isListed: true,
    says: /Cannot open checkpoint .*model\.safetensors/,
  },
];

const CASES = DAMAGES.flatMap((each) =>
  (["vision", "diffusion"] as const).map((name) => ({ ...each, name })),
);

test.each(CASES)(
  "$name does not start when its checkpoint $what, and says so",
  async ({ name, damage, isListed = false, says }) => {
    const folder = copyCheckpoint();
    const sums = isListed ? sumsOf(folder) : "";
    damage(folder);
    const lines: string[] = [];
    const address = `127.0.0.1:${await freePort()}`;
    const started = startProcess(
      name,
      {
        [`MEDV_${name.toUpperCase()}_ADDRESS`]: address,
        MEDV_CHECKPOINT: folder,
        MEDV_CHECKPOINT_SUMS: sums,
      },
      lines,
    );
    await expect(started).rejects.toThrow("ended with 1");
    const last = lines.findLast((line) => line.includes('"start-error"')) ?? "";
    expect(last).toMatch(says);
  },
);

const mount = ["-rm", "sh", "-c", 'mount -t tmpfs -o size=1m none /mnt && exec "$@"', "sh"];
const NO_MOUNTS = spawnSync("unshare", [...mount, "true"]).status !== 0;

test.skipIf(NO_MOUNTS)(
  `diffusion does not start when there is no room for its int8 weights, and leaves nothing behind${NO_MOUNTS ? " (skipped as unshare may not mount here)" : ""}`,
  async () => {
    const folder = copyCheckpoint();
    // The folder cannot take them, so that they go where there is no room.
    const child = spawn(
      "unshare",
      [
        ...mount.slice(0, -2),
        'mount -t tmpfs -o size=1m none /mnt && mount --bind "$MEDV_CHECKPOINT" "$MEDV_CHECKPOINT" && mount -o remount,bind,ro "$MEDV_CHECKPOINT" && "$@"; code=$?; ls -A /mnt; exit $code',
        "sh",
        process.execPath,
        join(ROOT, PROCESSES.diffusion.entry),
      ],
      {
        env: {
          ...process.env,
          MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${await freePort()}`,
          MEDV_CHECKPOINT: folder,
          MEDV_PRECISION: "int8",
          MEDV_CACHE_DIRECTORY: "/mnt",
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let output = "";
    child.stdout?.on("data", (part: Buffer) => (output += part.toString()));
    expect(await ended(child)).toBe(1);
    expect(output).toMatch(/"start-error"/);
    expect(output).toMatch(/Cannot write int8 weights as they take \d+ bytes/);
    expect(output.trimEnd().split("\n").at(-1)).toContain('"start-error"');
  },
);

test("services that run go on when their checkpoint is deleted", async () => {
  const folder = copyCheckpoint();
  const cluster: Cluster = await startCluster({ settings: { MEDV_CHECKPOINT: folder } });
  cleanUp.push(() => cluster.stop());
  const image = await drawImage(1);
  const before = await ask(cluster.url(), { image });
  rmSync(folder, { recursive: true });
  expect(await ask(cluster.url(), { image })).toMatchObject({ type: "whole", text: before.text });
  // Nobody has encoded this one.
  expect((await ask(cluster.url(), { image: await drawImage(4) })).type).toBe("whole");
});

test("a process goes on when its log cannot be written", async () => {
  const port = await freePort();
  const full = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [join(ROOT, PROCESSES.gateway.entry)], {
    env: { ...process.env, MEDV_PORT: String(port) },
    stdio: ["ignore", full, "inherit"],
  });
  cleanUp.push(() => child.kill("SIGKILL"));
  const alive = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(
    "the gateway is alive, or ends",
    async () => child.exitCode !== null || (await alive()),
  );
  for (let i = 0; i < 3; i++) expect(await alive()).toBe(true);
  child.kill("SIGTERM");
  expect(await ended(child)).toBe(0);
});
