import { DomainError } from "@medv/proto";
import {
  assert,
  asyncProperty,
  constantFrom,
  object,
  oneof,
  property,
  sample,
  string,
  uint8Array,
} from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeValue, encodeValue } from "./answer_log.ts";
import { createApiKey, entryOf, parseApiKeys } from "./auth/api_key.ts";
import { imageChoice, imageQuery } from "./image_query.ts";
import { changes, mutated } from "./image/testing/mutation.ts";
import { parseImageUrl } from "./image_url.ts";
import { decodeImage, encodeImage } from "./kept_image.ts";
import { parseWith } from "./schema_error.ts";
import { askAbout } from "./testing/ask_about.ts";
import { PREPARED_IMAGE } from "./testing/prepared_image.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

const RUNS = { numRuns: 300, seed: 1 };
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());

/** What a parser gives, or the error that it answers with; anything else is thrown on. */
function outcomeOf(parse: () => unknown): string {
  try {
    parse();
    return "taken";
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

const CLEAR = /^(?:taken|(?:invalid_request|image_too_large): Cannot .+ as .+)$/;

test("parseImageUrl() takes or clearly refuses any text", () => {
  const heads = constantFrom("", "data:", "data:image/png;base64,", "medv-image:", "https:", "x:");
  assert(
    property(heads, string({ unit: "binary" }), (head, rest) => {
      expect(outcomeOf(() => parseImageUrl(head + rest, "url", 10))).toMatch(CLEAR);
    }),
    RUNS,
  );
});

test("the query of an image is taken or clearly refused, whatever it says", () => {
  const value = oneof(string(), constantFrom("1", "0", "-1", "1e9", "40.5", "999999999", "NaN"));
  const query = object({
    key: constantFrom("frame", "window", "center", "width", "from", "toString"),
    values: [value],
    maxDepth: 0,
  });
  assert(
    property(query, (asked) => {
      expect(outcomeOf(() => imageChoice(parseWith(imageQuery, asked)))).toMatch(CLEAR);
    }),
    RUNS,
  );
});

const KEYS_CLEAR =
  /^(?:taken|entry \d+ must be "tenant:sha256", .+|entry \d+ has the key of another tenant, ".+"|there must be .+)$/;

function keysOutcome(text: string): string {
  try {
    return parseApiKeys(text).size > 0 ? "taken" : "empty";
  } catch (error) {
    return error instanceof RangeError ? error.message : String(error);
  }
}

test("parseApiKeys() takes a list or says which entry is wrong, and never quotes it", () => {
  const list = Buffer.from(`${entryOf("a", createApiKey())},${entryOf("b", createApiKey())}\n# c`);
  assert(
    property(changes, (each) => {
      const text = Buffer.from(mutated(list, each)).toString("latin1");
      const said = keysOutcome(text);
      expect(said).toMatch(KEYS_CLEAR);
      expect(said).not.toMatch(/[0-9a-f]{16}/);
    }),
    RUNS,
  );
});

test("what lies in the shared cache is read, or is as if it were missing, however it was changed", () => {
  const value = {
    type: "error",
    code: "overloaded",
    detail: "Cannot go on as it is full",
  } as const;
  expect(decodeValue(encodeValue(value))).toEqual(value);
  expect(decodeImage(encodeImage(PREPARED_IMAGE))).toEqual(PREPARED_IMAGE);
  assert(
    property(changes, (each) => {
      const read = decodeValue(mutated(encodeValue(value), each));
      expect(["undefined", "event", "left-out", "end", "error"]).toContain(String(read?.type));
      const image = decodeImage(mutated(encodeImage(PREPARED_IMAGE), each));
      expect(["undefined", "png"]).toContain(String(image?.description.format));
    }),
    RUNS,
  );
});

test("a multipart body that is no image, however it was changed, is refused clearly", async () => {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(300)], "a.png"));
  const whole = new Request("http://gateway/", { method: "POST", body: form });
  const type = whole.headers.get("content-type") ?? "";
  const bytes = new Uint8Array(await whole.arrayBuffer());
  await assert(
    asyncProperty(changes, async (each) => {
      const response = await gateway.app.request("/v1/images", {
        method: "POST",
        headers: { "content-type": type },
        body: new Uint8Array(mutated(bytes, each)),
      });
      expect([400, 413, 415, 422]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        detail: expect.stringMatching(/^Cannot .+ as /),
      });
    }),
    { ...RUNS, numRuns: 100 },
  );
});

test.each(["/v1/answers", "/v1/chat/completions"])(
  "a body of JSON for %s about an image that is not there, however it was changed, is refused clearly",
  async (path) => {
    const asked = { temperature: 0.5, stop: ["a"], seed: 3, diffusion: { gen_length: 8 } };
    const bytes = Buffer.from(JSON.stringify(askAbout(["medv-image:a"], asked)));
    for (const each of sample(changes, { ...RUNS, numRuns: 100 })) {
      const body = new Uint8Array(mutated(bytes, each));
      const response = await gateway.app.request(path, { method: "POST", body });
      expect([400, 404, 413]).toContain(response.status);
      expect(await response.text()).toMatch(/Cannot .+ as /);
    }
  },
);

test("a Last-Event-ID is taken or refused as one, whatever it says", async () => {
  const body = JSON.stringify(askAbout([], { on_disconnect: "continue" }));
  const answer = await gateway.app.request("/v1/answers", { method: "POST", body });
  const [, id = ""] = /^id: (\w+)\.0$/m.exec(await answer.text()) ?? [];
  const printable = string({ unit: "grapheme-ascii" });
  const number = oneof(printable, constantFrom("0", "4", "999999999", "-1", "1e3", "0x1", " 1"));
  await assert(
    asyncProperty(constantFrom("", id, `${id}.`), number, async (head, tail) => {
      const headers = { "last-event-id": `${head}${tail}` };
      const response = await gateway.app.request(`/v1/answers/${id}`, { headers });
      expect([200, 400]).toContain(response.status);
      const text = await response.text();
      expect(text.includes("Last-Event-ID")).toBe(response.status === 400);
    }),
    { ...RUNS, numRuns: 100 },
  );
});

test("a head of any bytes is no image of the cache", () => {
  assert(
    property(uint8Array({ maxLength: 64 }), (bytes) => {
      expect(decodeImage(bytes)).toBeUndefined();
    }),
    RUNS,
  );
});
