import { expect, test } from "vitest";
import { progressBar } from "./progress_bar.ts";

test("progressBar() redraws one line on a terminal and says how long it takes", () => {
  const written: string[] = [];
  let now = 0;
  const bar = progressBar(
    (text) => written.push(text),
    true,
    () => now,
  );
  bar({ system: "diffusion", answered: 10, failed: 0, total: 40 });
  now = 60_000;
  bar({ system: "diffusion", answered: 20, failed: 0, total: 40 });
  bar({ system: "diffusion", answered: 39, failed: 1, total: 40 });
  expect(written).toEqual([
    "\r\u001b[Kdiffusion █████··············· 10/40",
    "\r\u001b[Kdiffusion ██████████·········· 20/40 2.0 min left",
    "\r\u001b[Kdiffusion ████████████████████ 40/40 1 failed 0.0 min left\n",
  ]);
});

test("progressBar() writes a line for every twentieth where there is no terminal", () => {
  const written: string[] = [];
  const bar = progressBar(
    (text) => written.push(text),
    false,
    () => 0,
  );
  for (let answered = 0; answered <= 100; answered++) {
    bar({ system: "s", answered, failed: 0, total: 100 });
  }
  expect(written).toHaveLength(21);
});
