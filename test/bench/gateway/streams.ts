import { median } from "../median.ts";
import type { Caller } from "../caller.ts";
import { question } from "./question.ts";
import { timed } from "./timed.ts";

/** Events by their type. */
type Counts = Readonly<Record<string, number>>;

type Read = { readonly firstMs: number; readonly counts: Counts };

/**
 * Many answers at a time, and which events they lack.
 *
 * @param wanted Events of an answer; as many as one has that is asked alone where that is not known.
 */
export async function streams(
  asked: Caller,
  count: number,
  wanted?: Counts,
): Promise<readonly string[]> {
  const whole = wanted ?? (await read(asked)).counts;
  const answers: Read[] = [];
  const tookMs = await timed(() =>
    Promise.all(Array.from({ length: count }, async () => answers.push(await read(asked)))),
  );
  const types = Object.keys(whole).map((type) => {
    const seen = answers.map(({ counts }) => counts[type] ?? 0);
    const each = whole[type] ?? 0;
    const lost = seen.reduce((sum, came) => sum + Math.max(0, each - came), 0);
    return `${lost} of ${each * count} ${type}`;
  });
  const rate = (answers.map(total).reduce((sum, each) => sum + each, 0) * 1000) / tookMs;
  const firstMs = median(answers.map((each) => each.firstMs));
  return [
    `| ${count} streams at a time, first event | ${firstMs.toFixed(0)} ms | ${rate.toFixed(0)} events a second |`,
    `| events lost | ${types.join(", ")} | |`,
  ];
}

function total({ counts }: Read): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}

/** One token a step, so that every answer has as many events as any other. */
const SETTINGS = { seed: 1, diffusion: { profile: "exact", gen_length: 64, min_tokens: 64 } };

async function read({ url, model }: Caller): Promise<Read> {
  const startedAt = performance.now();
  const body = question(model, SETTINGS);
  const response = await fetch(`${url}/v1/answers`, { method: "POST", body });
  let text = "";
  let firstMs: number | undefined;
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    firstMs ??= performance.now() - startedAt;
    text += part;
  }
  const counts: Record<string, number> = {};
  for (const [, type = ""] of text.matchAll(/^event: (.+)$/gm)) {
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return { firstMs: firstMs ?? NaN, counts };
}
