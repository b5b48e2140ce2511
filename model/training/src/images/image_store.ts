import type { PhantomFacts, Split } from "@medv/phantoms/phantom";
import { closeSync, openSync, readSync } from "node:fs";
import { mkdir, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { RenderedImage } from "./rendered_image.ts";
import type { RenderJob, RenderReply } from "./render_worker.ts";

/** Which images a store holds; the same choice gives the same bytes. */
export type ImageChoice = {
  readonly split: Split;
  readonly seed: number;
  readonly count: number;
  readonly imageSize: number;
  readonly patchSize: number;
};

/** Drawn images on disk, drawn once and read by number. */
export type ImageStore = {
  readonly count: number;
  image(index: number): RenderedImage;
  close(): void;
};

/** Images that one worker draws at a time. */
const CHUNK = 250;

/**
 * Opens the images of a choice, drawing them first on all cores where that has not been done.
 *
 * @param progress Called with the images drawn so far.
 */
export async function openImageStore(
  directory: string,
  choice: ImageChoice,
  progress: (done: number, total: number) => void,
): Promise<ImageStore> {
  const { split, seed, count, imageSize, patchSize } = choice;
  const name = `${split}-${seed}-${count}-${imageSize}-${patchSize}`;
  const [records, factsPath] = [join(directory, `${name}.bin`), join(directory, `${name}.jsonl`)];
  await mkdir(directory, { recursive: true });
  // The facts are written last: where they are, the records are whole.
  if ((await stat(factsPath).catch(() => undefined)) === undefined) {
    await render(choice, records, factsPath, progress);
  }
  const facts = (await readFile(factsPath, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => parseFacts(line));
  const pixelBytes = imageSize * imageSize * 3;
  const patches = Math.floor(imageSize / patchSize) ** 2;
  const file = openSync(records, "r");
  return {
    count,
    image: (index) => {
      const record = new Uint8Array(pixelBytes + patches);
      const read = readSync(file, record, 0, record.length, index * record.length);
      if (read !== record.length) {
        throw new RangeError(`Cannot read image ${index} as "${records}" ends before it`);
      }
      return {
        pixels: record.subarray(0, pixelBytes),
        patches: record.subarray(pixelBytes),
        facts: facts[index],
      };
    },
    close: () => closeSync(file),
  };
}

function parseFacts(line: string): PhantomFacts | undefined {
  // Written by this file's own worker.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const facts = JSON.parse(line) as PhantomFacts | null;
  return facts ?? undefined;
}

async function render(
  choice: ImageChoice,
  path: string,
  factsPath: string,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const recordBytes =
    choice.imageSize ** 2 * 3 + Math.floor(choice.imageSize / choice.patchSize) ** 2;
  const file = await open(`${path}.part`, "w");
  const facts: string[] = [];
  let next = 0;
  let done = 0;
  const drawAll = async (): Promise<void> => {
    const worker = new Worker(join(import.meta.dirname, "render_worker.ts"));
    try {
      while (next < choice.count) {
        const start = next;
        next += CHUNK;
        const count = Math.min(CHUNK, choice.count - start);
        const reply = await draw(worker, { ...choice, start, count });
        await file.write(reply.records, 0, reply.records.length, start * recordBytes);
        facts[start / CHUNK] = reply.facts;
        done += count;
        progress(done, choice.count);
      }
    } finally {
      await worker.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, drawAll));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  await writeFile(`${factsPath}.part`, facts.join(""));
  await rename(`${factsPath}.part`, factsPath);
}

function draw(worker: Worker, job: RenderJob): Promise<RenderReply> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.postMessage(job, []);
  });
}
