import { cp, mkdir, mkdtemp, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import { sha256Of } from "./checkpoint_sums.ts";
import { readSafetensorsHeader } from "./safetensors.ts";
import { canonicalName } from "./tensor_names.ts";

const PHANTOM = join(import.meta.dirname, "../checkpoints/phantom");

async function copy(): Promise<string> {
  const directory = join(await mkdtemp(join(tmpdir(), "checkpoint-")), "phantom");
  await cp(PHANTOM, directory, { recursive: true });
  return directory;
}

/** Writes the header anew with other names, everything else as it was. */
async function rewrite(
  directory: string,
  edit: (header: Record<string, { shape: number[] }>) => void,
): Promise<void> {
  const path = join(directory, "model.safetensors");
  const file = await readFile(path);
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<
    string,
    { shape: number[] }
  >;
  edit(header);
  const json = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([prefix, json, file.subarray(8 + length)]));
}

test("openCheckpoint() opens the embedded checkpoint; equal files have equal digests", async () => {
  const checkpoint = await openCheckpoint(PHANTOM);
  const other = await openCheckpoint(await copy());
  expect(other.digest).toBe(checkpoint.digest);
  expect(other.towerDigest).toBe(checkpoint.towerDigest);
  expect(checkpoint.tensor("model.norm.weight", [192])).toMatchObject({ dtype: "BF16" });
});

test("openCheckpoint() names a missing tensor and its shape", async () => {
  const directory = await copy();
  await rewrite(directory, (header) => {
    delete header["model.layers.3.mlp.up_proj.weight"];
  });
  await expect(openCheckpoint(directory)).rejects.toThrow(
    /"model\.layers\.3\.mlp\.up_proj\.weight" \[512, 192\] is missing/,
  );
});

test("openCheckpoint() names file, tensor, expected and found of a wrong shape", async () => {
  const directory = await copy();
  await rewrite(directory, (header) => {
    const tensor = header["model.layers.0.self_attn.q_proj.weight"];
    if (tensor !== undefined) tensor.shape = [96, 384];
  });
  await expect(openCheckpoint(directory)).rejects.toThrow(
    /q_proj\.weight" of ".*model\.safetensors" must be \[192, 192\]: found \[96, 384\]/,
  );
});

test("openCheckpoint() reads LLaDA's own tensor names", async () => {
  const directory = await copy();
  await rewrite(directory, (header) => {
    for (const [name, own] of [
      ["lm_head.weight", "model.transformer.ff_out.weight"],
      ["model.layers.0.mlp.down_proj.weight", "model.transformer.blocks.0.ff_out.weight"],
    ] as const) {
      const tensor = header[name];
      if (tensor === undefined) throw new Error(`${name} is missing`);
      delete header[name];
      header[own] = tensor;
    }
  });
  const checkpoint = await openCheckpoint(directory);
  expect(checkpoint.has("lm_head.weight")).toBe(true);
  expect(checkpoint.has("model.layers.0.mlp.down_proj.weight")).toBe(true);
});

test("openCheckpoint() reads a vision tower that lies in its own directory", async () => {
  const directory = await copy();
  const tower = join(directory, "siglip2");
  await mkdir(tower);
  await cp(join(directory, "model.safetensors"), join(tower, "model.safetensors"));
  await rewrite(directory, (header) => {
    for (const name of Object.keys(header).filter((each) => each.includes("vision_tower")))
      delete header[name];
  });
  await expect(openCheckpoint(directory)).rejects.toThrow(/set MEDV_VISION_CHECKPOINT/);
  const checkpoint = await openCheckpoint(directory, { visionDirectory: tower });
  expect(checkpoint.visionFiles).toEqual([join(tower, "model.safetensors")]);

  const sums = join(directory, "../SHA256SUMS");
  const names = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  const lines = names.map(async (name) => `${await sha256Of(join(directory, name))}  ${name}\n`);
  await writeFile(sums, (await Promise.all(lines)).join(""));
  const visionSums = join(tower, "SHA256SUMS");
  await writeFile(
    visionSums,
    `${await sha256Of(join(tower, "model.safetensors"))}  model.safetensors\n`,
  );
  await expect(openCheckpoint(directory, { visionDirectory: tower, sums })).rejects.toThrow(
    "must be checked too: set MEDV_VISION_CHECKPOINT_SUMS",
  );
  const both = await openCheckpoint(directory, { visionDirectory: tower, sums, visionSums });
  expect(both.digest).toBe(checkpoint.digest);
});

test("openCheckpoint() follows an index and the links of a hub cache", async () => {
  const directory = await copy();
  const blob = join(directory, "../blob-1");
  await rename(join(directory, "model.safetensors"), blob);
  await symlink("../blob-1", join(directory, "model-00001-of-00001.safetensors"));
  const names = [...(await readSafetensorsHeader(blob)).keys()];
  await writeFile(
    join(directory, "model.safetensors.index.json"),
    JSON.stringify({
      weight_map: Object.fromEntries(
        names.map((name) => [name, "model-00001-of-00001.safetensors"]),
      ),
    }),
  );
  const checkpoint = await openCheckpoint(directory);
  expect(checkpoint.files[0]?.endsWith("/blob-1")).toBe(true);
});

test.each([
  [
    "vision_model.post_layernorm.bias",
    "model.vision_tower.vision_tower.vision_model.post_layernorm.bias",
  ],
  ["model.transformer.blocks.7.attn_out.weight", "model.layers.7.self_attn.o_proj.weight"],
  ["model.norm.weight", "model.norm.weight"],
])("canonicalName(%j) is %j", (name, expected) => {
  expect(canonicalName(name)).toBe(expected);
});
