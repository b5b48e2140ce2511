import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Answer, newAnswer, type Turn } from "./conversation.ts";
import { answerBody } from "./messages.ts";
import { curlSnippet, openaiSnippet } from "./snippets.ts";

const settings = { profile: "exact", genLength: 32 };

function turn(question: string, answers: readonly Partial<Answer>[], id?: string): Turn {
  const upload = { id: id ?? "", width: 1, height: 1, tiles: 1, tile_size: 8 };
  const sent = {
    ...upload,
    grid_width: 0,
    frame: { number: 1, of: 1 },
    grid_height: 0,
    expires_at: "",
    warnings: [],
  };
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

test("answerBody() sends the images of questions without an answer with the next one that has or gets one", () => {
  const stopped = [
    turn("Stopped?", [{ text: "" }], "img_1"),
    turn("Lost?", [{ text: "" }], "img_2"),
  ];
  const both = ["medv-image:img_1", "medv-image:img_2"];
  expect(wordsFor(...stopped, turn("Again?", []))).toEqual([[...both, "Again?"]]);
  expect(
    wordsFor(...stopped, turn("Again?", [{ text: "A." }]), turn("Next?", [], "img_3")),
  ).toEqual([[...both, "Again?"], "A.", ["medv-image:img_3", "Next?"]]);
});

test.each([
  { needsKey: false, sent: ["content-type: application/json"] },
  { needsKey: true, sent: ["authorization: Bearer secret", "content-type: application/json"] },
])("curlSnippet() hands on its body as it is, needsKey $needsKey", ({ needsKey, sent }) => {
  const body = answerBody("m", turns, settings);
  const snippet = curlSnippet({ origin: "http://x", needsKey }, body);
  const shell = `curl() { for each; do printf '%s\\0' "$each"; done; }\n${snippet}`;
  const env = { ...process.env, MEDV_API_KEY: "secret" };
  const words = execFileSync("sh", ["-c", shell], { env }).toString().split("\0").slice(0, -1);
  expect(JSON.parse(words.at(-1) ?? "")).toEqual({ ...body, stream: true });
  expect(words.filter((_, at) => words[at - 1] === "-H")).toEqual(sent);
});

test("openaiSnippet() holds the request as a literal", () => {
  const body = answerBody("m", turns, settings);
  const snippet = openaiSnippet({ origin: "http://x", needsKey: true }, body);
  const literal = /create\((\{[\s\S]*?\n\})\)/.exec(snippet)?.[1] ?? "";
  expect(JSON.parse(literal)).toEqual({ ...body, stream: true });
  expect(snippet).toContain("apiKey: process.env.MEDV_API_KEY");
});

/** The words of the messages for the last of `turns`, and the addresses of its images. */
function wordsFor(...asked: readonly Turn[]) {
  return answerBody("m", asked, settings).messages.map(({ content }) =>
    typeof content === "string"
      ? content
      : content.map((part) => (part.type === "text" ? part.text : part.image_url.url)),
  );
}
