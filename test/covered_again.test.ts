import { decoderFeeds } from "@medv/diffusion/decoder_feeds";
import type { DecoderRow, RowResult } from "@medv/diffusion/decoder_row";
import { blockDecoderModel } from "@medv/model/block_decoder";
import { Profile } from "@medv/proto/diffusion";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddedDecoder } from "./embedded_decoder.ts";
import { openGraph, type Feed } from "./parity/run_graph.ts";

/** Answers that are asked for at most until one of them shows what a test looks for. */
const TRIES = 200;

/** What a run was fed and left, of the answers since the last one that was looked at. */
let runs: { readonly row: DecoderRow; readonly result: RowResult }[] = [];
let decoder: Awaited<ReturnType<typeof openEmbeddedDecoder>>;
/** A run by itself, its outputs as the graph names them. */
let run: (row: DecoderRow) => ReturnType<Awaited<ReturnType<typeof openGraph>>>;

beforeAll(async () => {
  decoder = await openEmbeddedDecoder((row, result) => runs.push({ row, result }));
  const { checkpoint, tokenizer, contextLength } = decoder.session;
  const { mask: maskId, eot: eotId } = tokenizer.special;
  const options = { vocabulary: tokenizer.size, maskId, eotId, contextLength };
  const graph = await openGraph(blockDecoderModel(checkpoint, options));
  run = (row) => graph(decoderFeeds([row], maskId) as Record<string, Feed>);
});
afterAll(() => decoder.release());

test("a run tells of what it covered again what it would have left, had it ended at each of its steps", async () => {
  const { mask } = decoder.session.tokenizer.special;
  const { row, result } = await findRun(({ coveredAgain }) =>
    coveredAgain.some(({ commitStep }) => commitStep > 0),
  );
  const ends: (readonly [tokens: bigint[], confidences: number[]])[] = [];
  for (let steps = 1; steps <= result.forwardPasses; steps++) {
    const outputs = await run({ ...row, quota: row.quota.slice(0, steps) });
    const values = ["canvas_ids", "commit_confidence"].map((name) => outputs[name]?.data ?? []);
    ends.push([Array.from(values[0] ?? [], BigInt), Array.from(values[1] ?? [], Number)]);
  }
  for (const covered of result.coveredAgain) {
    const { place, tokenId, commitStep, commitConfidence, coveredStep } = covered;
    const tokens = ends.map(([ids]) => Number(ids[place]));
    const seen = {
      before: commitStep > 0 ? tokens[commitStep - 1] : mask,
      stood: [...new Set(tokens.slice(Math.max(0, commitStep), coveredStep))],
      confidence: commitStep < 0 ? 0 : ends[commitStep]?.[1][place],
      after: tokens[coveredStep],
    };
    expect(seen).toEqual({
      before: mask,
      stood: [tokenId],
      confidence: commitConfidence,
      after: mask,
    });
  }
});

test("a run in which nothing may be covered again looks nowhere for it", async () => {
  const shapes: (readonly number[] | undefined)[] = [];
  for (const profile of [Profile.BALANCED, Profile.CAREFUL]) {
    runs = [];
    await decoder.ask({ profile, genLength: 8 });
    const [first] = runs;
    if (first === undefined) throw new RangeError("Cannot find a run of the answer");
    shapes.push((await run(first.row))["covered_step"]?.shape);
  }
  expect(shapes).toEqual([
    [1, 0],
    [1, 8],
  ]);
});

/** Asks until a run left what is wanted. */
async function findRun(isWanted: (result: RowResult) => boolean): Promise<(typeof runs)[number]> {
  const careful = { profile: Profile.CAREFUL, genLength: 32, doubt: 0.9, temperature: 1 };
  for (let seed = 1; seed <= TRIES; seed++) {
    runs = [];
    await decoder.ask({ ...careful, seed: BigInt(seed) });
    const found = runs.find(({ result }) => isWanted(result));
    if (found !== undefined) return found;
  }
  throw new RangeError(`Cannot find a run that covers something again in ${TRIES} answers`);
}
