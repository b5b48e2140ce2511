import { SIZES } from "@medv/model/make_checkpoint/sizes";
import { drawFacts } from "@medv/phantoms/draw_facts";
import { randomSource } from "@medv/phantoms/random";
import { ANATOMY, KIND_SENTENCES } from "@medv/phantoms/text/appearance";
import { description, descriptionQuestion } from "@medv/phantoms/text/descriptions";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openRunDirectory } from "./run_directory.ts";

test("openRunDirectory() learns a tokenizer to which every sentence of a description but its end has eight tokens", async () => {
  const directory = await mkdtemp(join(tmpdir(), "medv-run-"));
  try {
    const { tokenizer } = await openRunDirectory(directory, SIZES.tiny, 1);
    const tokens = (text: string): number => tokenizer.encodeText(text).length;
    const kinds = Object.values(KIND_SENTENCES).flatMap(({ present, absent }) => [present, absent]);
    for (const sentence of [...kinds, ...Object.values(ANATOMY).flat()]) {
      expect([sentence, tokens(sentence), tokens(` ${sentence}`)]).toEqual([sentence, 8, 8]);
    }
    const random = randomSource("filled");
    for (const most of [45, 63, 64, 100, 127]) {
      for (let image = 0; image < 40; image++) {
        const facts = drawFacts(random);
        const text = description(facts, descriptionQuestion(random), { most, measure: tokens });
        expect([text, tokens(text)]).toEqual([text, most]);
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
