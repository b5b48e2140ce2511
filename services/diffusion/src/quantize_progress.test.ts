import { expect, test } from "vitest";
import { quantizeProgress } from "./quantize_progress.ts";

test("quantizeProgress() logs every tenth where there is no terminal", () => {
  const events: string[] = [];
  const progress = quantizeProgress(
    { info: (fields, event) => events.push(`${event} ${String(fields["doneBytes"])}`) },
    { write: () => expect.fail("nothing is drawn") },
  );
  for (let done = 1; done <= 100; done++) progress(done, 100);
  expect(events).toEqual(
    [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((done) => `quantize-progress ${done}`),
  );
});

test("quantizeProgress() redraws one line on a terminal, which ends when all is done", () => {
  const drawn: string[] = [];
  const progress = quantizeProgress(
    { info: () => expect.fail("nothing is logged") },
    { isTTY: true, write: (text) => drawn.push(text) },
  );
  progress(50, 100);
  progress(100, 100);
  expect(drawn[0]).toContain("██████████··········");
  expect(drawn[0]).not.toContain("\n");
  expect(drawn.at(-1)).toMatch(/█{20} 0 s left\n$/);
});
