import { array, assert, asyncProperty, integer, string } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, read, say, takeUp, textOf } from "./testing/cut_answers.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

test("an answer that is cut at random has every event once, over 1,000 cuts", async () => {
  let cuts = 0;
  const pieces = array(string({ minLength: 1, unit: "grapheme" }), {
    minLength: 10,
    maxLength: 20,
  });
  /** How much is read from each cut to the next. */
  const counts = array(integer({ min: 1, max: 4 }), { minLength: 50, maxLength: 50 });
  await assert(
    asyncProperty(pieces, counts, async (said, reads) => {
      gateway.seen.script = say(said);
      const [first, ...others] = reads;
      const seen = await read(await ask(gateway), first);
      for (const count of others) {
        if (seen.at(-1)?.type === "answer-end") break;
        cuts += 1;
        seen.push(...(await takeUp(gateway, seen, count)));
      }
      expect(textOf(seen)).toBe(said.join(""));
      const numbers = seen.map(({ id }) => Number(id.split(".")[1]));
      expect(numbers).toEqual(Array.from({ length: 2 + 2 * said.length }, (_, index) => index));
    }),
    { numRuns: 150, seed: 1 },
  );
  expect(cuts).toBeGreaterThan(1000);
}, 600_000);
