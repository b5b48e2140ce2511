import { create } from "@bufbuild/protobuf";
import { GenerateRequestSchema, Priority, Profile, Role } from "@medv/proto/diffusion";
import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { changes, mutated } from "./image/testing/mutation.ts";
import { type AskedQuestion, decodeQuestion, encodeQuestion } from "./kept_questions.ts";

const asked = create(GenerateRequestSchema, {
  model: "phantom",
  messages: [
    {
      role: Role.USER,
      parts: [
        { content: { case: "image", value: 0 } },
        { content: { case: "text", value: "What is it?" } },
      ],
    },
  ],
  settings: { profile: Profile.PREFIX, seed: 2n ** 64n - 1n, threshold: 0, stop: ["."] },
});

const QUESTION: AskedQuestion = {
  question: {
    ...{ model: asked.model, messages: asked.messages, settings: asked.settings ?? {} },
    ...{ priority: Priority.BATCH, choices: 2, tenantScope: "a", requestId: "r" },
    images: [
      { type: "pixels", id: "img_0", digest: "d" },
      { type: "id", id: "img_1", field: "messages[0].content[0].image_url.url" },
    ],
  },
  ttlMs: 5000,
};

test("decodeQuestion() gives back what encodeQuestion() made", () => {
  expect(decodeQuestion(encodeQuestion(QUESTION), "a")).toEqual(QUESTION);
});

test("decodeQuestion() finds a question or none in one that was changed", () => {
  const whole = encodeQuestion(QUESTION);
  assert(
    property(changes, (each) => {
      const found = decodeQuestion(mutated(whole, each), "a");
      expect(found === undefined || found.question.tenantScope === "a").toBe(true);
    }),
    { numRuns: 300, seed: 1 },
  );
});
