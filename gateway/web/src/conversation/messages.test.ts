import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Answer, newAnswer, type Turn } from "./conversation.ts";
import { answerBody } from "./messages.ts";
import { curlSnippet, openaiSnippet } from "./snippets.ts";

const settings = { profile: "exact", genLength: 32 };

function turn(question: string, answers: readonly Partial<Answer>[], id?: string): Turn {
  const upload = { id: id ?? "", width: 1, height: 1, tiles: 1, tile_size: 8 };
  const sent = { ...upload, grid_width: 0, grid_height: 0, expires_at: "", warnings: [] };
  const image = { key: "k", name: "i.png", file: new Blob(), upload: sent };
  return {
    key: question,
    question,
    images: id === undefined ? [] : [image],
    answers: answers.map((answer) => ({ ...newAnswer(settings), ...answer })),
  };
}

const turns = [
  turn("What is it?", [{ text: "A lung." }, { text: "Another." }], "img_1"),
  turn("Lost?", [{ text: "", status: "failed" }]),
  turn("It's where?", []),
];

test("answerBody() sends the first answer of each turn, and leaves out a question without one", () => {
  expect(answerBody("m", turns, settings)).toEqual({
    model: "m",
    max_tokens: 32,
    diffusion: { profile: "exact" },
    messages: [
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "medv-image:img_1" } },
          { type: "text", text: "What is it?" },
        ],
      },
      { role: "assistant", content: "A lung." },
      { role: "user", content: [{ type: "text", text: "It's where?" }] },
    ],
  });
});

test("curlSnippet() is a command whose body a shell hands on as it is", () => {
  const body = answerBody("m", turns, settings);
  const printed = execFileSync("sh", [
    "-c",
    `curl() { for last; do :; done; printf %s "$last"; }\n${curlSnippet("http://x", body)}`,
  ]);
  expect(JSON.parse(printed.toString())).toEqual({ ...body, stream: true });
});

test("openaiSnippet() holds the request as a literal", () => {
  const body = answerBody("m", turns, settings);
  const snippet = openaiSnippet("http://x", body);
  const literal = /create\((\{[\s\S]*?\n\})\)/.exec(snippet)?.[1] ?? "";
  expect(JSON.parse(literal)).toEqual({ ...body, stream: true });
});
