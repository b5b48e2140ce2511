import { Report } from "./check.ts";
import { checkMetrics } from "./metrics.ts";
import { openOracle, type Oracle } from "./oracle.ts";
import { checkGumbel, checkPreprocessing, checkSchedules } from "./picks.ts";
import { checkMerge } from "./prompts.ts";
import { checkBatched, checkDllmCache, checkFastDllm, checkSampler } from "./samplers.ts";
import { checkLanguage, checkVision } from "./towers.ts";
import {
  checkConversationIds,
  checkConversationMask,
  checkTrainLoop,
  checkTrainStep,
} from "./training.ts";

/** What can be checked with which file of an oracle directory. */
const CHECKS: readonly (readonly [
  files: readonly string[],
  check: (oracle: Oracle, report: Report) => Promise<void>,
])[] = [
  [["image_preprocess.safetensors", "image_preprocess.json"], checkPreprocessing],
  [["vision.safetensors"], checkVision],
  [["merge.safetensors", "merge.json", "mixed_flat.safetensors"], checkMerge],
  [["lm_text.safetensors"], checkLanguage],
  [["num_transfer_tokens.json"], checkSchedules],
  [["gumbel.safetensors"], checkGumbel],
  [["sampler.json", "sampler_prompts.safetensors", "mixed_flat.safetensors"], checkSampler],
  [["fast_dllm.json", "sampler_prompts.safetensors", "mixed_flat.safetensors"], checkFastDllm],
  [
    ["sampler.json", "fast_dllm.json", "sampler_prompts.safetensors", "mixed_flat.safetensors"],
    checkBatched,
  ],
  [["dllm_cache.json", "sampler_prompts.safetensors", "mixed_flat.safetensors"], checkDllmCache],
  [["train_step.safetensors", "train.json"], checkTrainStep],
  [["train_convmask.safetensors"], checkConversationMask],
  [["train_loop.safetensors", "train_step.safetensors", "train.json"], checkTrainLoop],
  [["conversation_ids.json"], checkConversationIds],
  [["vqa_metrics.json"], checkMetrics],
];

const directory = process.argv[2];
if (directory === undefined) {
  process.stderr.write(
    "Cannot check parity as an oracle directory must be given: npm run parity -- <directory>\n",
  );
  process.exit(2);
}
const oracle = openOracle(directory);
const report = new Report((line) => process.stdout.write(`${line}\n`));
for (const [files, check] of CHECKS) {
  const [file = ""] = files;
  const missing = files.find((each) => !oracle.has(each));
  if (missing !== undefined) report.skip(file, `"${missing}" is not in this directory`);
  else {
    await check(oracle, report).catch((error: unknown) =>
      report.check(file, error instanceof Error ? error.message : String(error)),
    );
  }
}
process.stdout.write(`${report.summary}\n`);
process.exitCode = report.failed === 0 ? 0 : 1;
