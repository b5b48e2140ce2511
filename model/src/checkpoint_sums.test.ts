import { cp, mkdtemp, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import { readCheckpointSums, sha256Of } from "./checkpoint_sums.ts";

const PHANTOM = join(import.meta.dirname, "../checkpoints/phantom");

/** A copy of the embedded checkpoint, and its checksums beside it. */
async function copy(): Promise<{ directory: string; sums: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sums-"));
  const directory = join(folder, "phantom");
  await cp(PHANTOM, directory, { recursive: true });
  const names = await readdir(directory);
  const lines = await Promise.all(
    names.map(async (name) => `${await sha256Of(join(directory, name))}  ${name}\n`),
  );
  const sums = join(folder, "SHA256SUMS");
  await writeFile(sums, lines.join(""));
  return { directory, sums };
}

async function flipByte(path: string, position: number): Promise<void> {
  const file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.of(buffer.readUInt8() ^ 1), 0, 1, position);
  await file.close();
}

test("openCheckpoint() opens a directory whose files are as listed", async () => {
  const { directory, sums } = await copy();
  const { digest } = await openCheckpoint(PHANTOM);
  expect((await openCheckpoint(directory, { sums })).digest).toBe(digest);
});

test("openCheckpoint() finds one flipped bit that its own sampled digest does not see", async () => {
  const { directory, sums } = await copy();
  const path = join(directory, "model.safetensors");
  const { digest } = await openCheckpoint(directory);
  // In the middle of the large embedding table, of which the digest samples the end.
  await flipByte(path, Math.floor((await stat(path)).size / 8));
  expect((await openCheckpoint(directory)).digest).toBe(digest);
  await expect(openCheckpoint(directory, { sums })).rejects.toThrow(
    /file "model\.safetensors" must have SHA-256 [0-9a-f]{64}: found [0-9a-f]{64}; it is damaged or another version, fetch it again$/,
  );
});

test("openCheckpoint() refuses a file that is not listed, and a listed one that is not there", async () => {
  const { directory, sums } = await copy();
  await rm(join(directory, "tokenizer_config.json"));
  await expect(openCheckpoint(directory, { sums })).rejects.toThrow(
    `file "tokenizer_config.json" of "${sums}" cannot be read`,
  );
  await writeFile(sums, `${"0".repeat(64)}  config.json\n`);
  await expect(openCheckpoint(directory, { sums })).rejects.toThrow(
    `every file must be listed in "${sums}": "model.safetensors" is not`,
  );
});

test.each(["0123  config.json", `${"a".repeat(64)}  ../secret`, `${"a".repeat(64)}  /etc/passwd`])(
  'readCheckpointSums() refuses the line "%s"',
  async (line) => {
    const { sums } = await copy();
    await rename(sums, `${sums}.txt`);
    await writeFile(sums, `${"b".repeat(64)}  a\n${line}\n`);
    await expect(readCheckpointSums(sums)).rejects.toThrow(
      `Cannot read checksums as line 2 of "${sums}" must be "SHA-256  path inside the directory"`,
    );
  },
);

test("readCheckpointSums() reads what sha256sum writes, text and binary, with and without ./", async () => {
  const { sums } = await copy();
  const digest = "c".repeat(64);
  await writeFile(sums, `${digest}  a b.json\n${digest} *./c.safetensors\n`);
  expect([...(await readCheckpointSums(sums)).keys()]).toEqual(["a b.json", "c.safetensors"]);
});
