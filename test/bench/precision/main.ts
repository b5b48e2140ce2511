/**
 * What int8 costs a checkpoint in accuracy: the error of every linear layer on the same activations, and how often it
 * predicts the tokens that float32 predicts.
 *
 *     npm run bench:precision -- DIR [--prompts 16] [--length 32] [--outliers 64]
 *
 * `--outliers` plants outlier channels of that size into a copy of the checkpoint first.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openCheckpoint } from "@medv/model/checkpoint";
import { quantizeCheckpoint } from "@medv/model/quantize/quantize_checkpoint";
import { loadTokenizer } from "@medv/model/tokenizer";
import { layerErrors, type LayerError } from "./layer_errors.ts";
import { plantOutliers } from "./plant_outliers.ts";
import { samplePrompts } from "./sample_prompts.ts";
import { tokenAgreement } from "./token_agreement.ts";

/** Prompts whose activations the layers are compared on. */
const LAYER_PROMPTS = 4;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prompts: { type: "string", default: "16" },
    length: { type: "string", default: "32" },
    outliers: { type: "string" },
  },
});
const [directory] = positionals;
const [count, canvas, gain] = [values.prompts, values.length, values.outliers ?? "1"].map(Number);
if (directory === undefined || !count || !canvas || !gain) {
  process.stderr.write(
    "Usage: npm run bench:precision -- DIR [--prompts N] [--length N] [--outliers N]\n",
  );
  process.exit(2);
}
const scratch = await mkdtemp(join(tmpdir(), "bench-precision-"));
try {
  const planted = join(scratch, "planted");
  if (values.outliers !== undefined) await plantOutliers(directory, planted, gain);
  await report(values.outliers === undefined ? directory : planted, { count, canvas });
} finally {
  await rm(scratch, { recursive: true });
}

async function report(
  checkpointDirectory: string,
  size: { readonly count: number; readonly canvas: number },
): Promise<void> {
  const checkpoint = await openCheckpoint(checkpointDirectory);
  const tokenizer = await loadTokenizer(checkpointDirectory);
  const vocabulary = tokenizer.size;
  const options = { vocabulary, cacheFolder: scratch, threads: 2, progress: () => undefined };
  const file = await quantizeCheckpoint(checkpoint, options, new AbortController().signal);
  const prompts = await samplePrompts(checkpoint, tokenizer, size);
  const feeds = prompts.slice(0, LAYER_PROMPTS).map((prompt) => prompt.feeds);
  const errors = await layerErrors(checkpoint, file, { vocabulary, feeds });
  print("error of each linear layer, % of its output: int8 | the same without turning channels");
  for (const { name, int8, unturned } of errors) {
    print(`${name.padEnd(36)}${percent(int8)} | ${percent(unturned)}`);
  }
  print(
    `${"worst".padEnd(36)}${percent(worst(errors, "int8"))} | ${percent(worst(errors, "unturned"))}`,
  );
  const agreement = await tokenAgreement(checkpoint, file, { vocabulary, prompts });
  print(
    `agreement with float32 over ${size.count} answers of ${size.canvas} tokens, one token a step:`,
  );
  print(`  predictions on the same canvas  ${percent(agreement.predictions)}`);
  print(`  tokens of whole answers         ${percent(agreement.tokens)}`);
  print(`  whole answers                   ${percent(agreement.answers)}`);
}

function worst(errors: readonly LayerError[], kind: "int8" | "unturned"): number {
  return Math.max(...errors.map((error) => error[kind]));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2).padStart(7)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
