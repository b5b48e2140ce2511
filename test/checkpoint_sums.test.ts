import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "@medv/model/checkpoint_sums";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

test.each(["vision", "diffusion"])(
  "a flipped byte in the weights: the %s service never gets ready, names the file and exits with 1",
  async (service) => {
    const folder = await mkdtemp(join(tmpdir(), "flipped-"));
    const directory = join(folder, "phantom");
    await cp(join(ROOT, "model/checkpoints/phantom"), directory, { recursive: true });
    const names = await readdir(directory);
    const lines = await Promise.all(
      names.map(async (name) => `${await sha256Of(join(directory, name))}  ${name}\n`),
    );
    const sums = join(folder, "SHA256SUMS");
    await writeFile(sums, lines.join(""));
    const weights = join(directory, "model.safetensors");
    const bytes = await readFile(weights);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(weights, bytes);

    const child = spawn(process.execPath, [join(ROOT, `services/${service}/src/main.ts`)], {
      env: {
        ...process.env,
        MEDV_VISION_ADDRESS: "127.0.0.1:0",
        MEDV_DIFFUSION_ADDRESS: "127.0.0.1:0",
        MEDV_CHECKPOINT: directory,
        MEDV_CHECKPOINT_SUMS: sums,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let log = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (log += text));
    const [code] = await once(child, "close");
    expect(code).toBe(1);
    expect(log).not.toContain("service-ready");
    const last: unknown = JSON.parse(log.trimEnd().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({
      level: "fatal",
      msg: "start-error",
      err: {
        message: expect.stringContaining('file "model.safetensors" must have SHA-256'),
      },
    });
  },
  60_000,
);
