import { readModelConfig, type ModelConfig } from "@medv/model/config";
import { SYSTEM_PROMPTS } from "@medv/model/chat_prompt";
import { trainByteBpe } from "@medv/model/make_checkpoint/byte_bpe";
import type { CheckpointSize } from "@medv/model/make_checkpoint/sizes";
import { writeConfiguration } from "@medv/model/make_checkpoint/write_configuration";
import { loadTokenizer, type Tokenizer } from "@medv/model/tokenizer";
import { drawFacts } from "@medv/phantoms/draw_facts";
import { randomOf } from "@medv/phantoms/random";
import { caption } from "@medv/phantoms/text/captions";
import { description, descriptionQuestion } from "@medv/phantoms/text/descriptions";
import { dialogue } from "@medv/phantoms/text/dialogues";
import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import { exchanges } from "@medv/phantoms/text/questions";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a run needs beside its state: the shapes and the tokenizer, fixed when it begins. */
export type RunDirectory = {
  readonly directory: string;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
};

/** Facts that the tokenizer learns its words from. */
const CORPUS_PHANTOMS = 3000;

/** Opens the directory of a run, or begins it: the tokenizer learns its words from the phantoms' own texts. */
export async function openRunDirectory(
  directory: string,
  size: CheckpointSize,
  seed: number,
): Promise<RunDirectory> {
  await mkdir(directory, { recursive: true });
  const configPath = join(directory, "config.json");
  if ((await stat(configPath).catch(() => undefined)) === undefined) {
    await writeConfiguration(directory, size, trainByteBpe(corpus(seed), size.base_vocab));
  }
  const json: unknown = JSON.parse(await readFile(configPath, "utf8"));
  return {
    directory,
    config: readModelConfig(json, configPath),
    tokenizer: remembering(await loadTokenizer(directory)),
  };
}

/** Encodes every text once: the same sentences come again and again. */
function remembering(tokenizer: Tokenizer): Tokenizer {
  const known = new Map<string, number[]>();
  return {
    ...tokenizer,
    encodeText: (text) => {
      const found = known.get(text) ?? tokenizer.encodeText(text);
      known.set(text, found);
      return found;
    },
  };
}

function corpus(seed: number): string {
  const lines: string[] = [...Object.values(SYSTEM_PROMPTS), "system", "user", "assistant"];
  for (let index = 0; index < CORPUS_PHANTOMS; index++) {
    const random = randomOf("train", seed, index, "corpus");
    const facts = drawFacts(random);
    const style = random.pick(["concise", "sentence"] as const);
    const asked = descriptionQuestion(random);
    lines.push(caption(facts, random), NOT_A_PHANTOM, asked);
    const most = random.integer(100, 800);
    lines.push(description(facts, asked, { most, measure: (sentence) => sentence.length }));
    for (const { question, answer } of [
      ...exchanges(facts, random, { style }),
      ...dialogue(facts, random, { style, turns: 3 }),
    ]) {
      lines.push(question, answer);
    }
  }
  return lines.join("\n");
}
