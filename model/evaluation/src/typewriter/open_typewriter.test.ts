import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { System } from "../answerers/answerer.ts";
import { openTypewriter } from "./open_typewriter.ts";

const CHECKPOINT = join(import.meta.dirname, "../../../checkpoints/phantom");
const FIXTURES = join(import.meta.dirname, "../../fixtures/phantoms/images");
const turns = [{ role: "user", text: "What does this image show?" }] as const;
const { signal } = new AbortController();

let typewriter: System;
beforeAll(async () => {
  typewriter = await openTypewriter(CHECKPOINT);
});

test("openTypewriter() writes one token a forward pass, at most as many as asked for", async () => {
  const request = { profile: "exact", genLength: 5, turns };
  const { usage, finishReason } = await typewriter.answer(request, signal);
  expect(usage.completionTokens).toBeLessThanOrEqual(5);
  const passes = usage.completionTokens + (finishReason === "stop" ? 1 : 0);
  expect(usage.forwardPasses).toBe(passes);
});

test("openTypewriter() takes an image and earlier turns, and answers the same question alike", async () => {
  const request = {
    profile: "exact",
    genLength: 4,
    image: join(FIXTURES, "test-000001.png"),
    turns: [...turns, { role: "assistant", text: "A nodule." } as const, ...turns],
  };
  const first = await typewriter.answer(request, signal);
  expect(await typewriter.answer(request, signal)).toMatchObject({ text: first.text });
});

test("openTypewriter() stops with the signal's reason before the next token", async () => {
  const reason = new Error("enough");
  await expect(
    typewriter.answer({ profile: "exact", turns }, AbortSignal.abort(reason)),
  ).rejects.toBe(reason);
});
