import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { changes, mutated } from "../image/testing/mutation.ts";
import { createApiKey, entryOf, hashOf, parseApiKeys } from "./api_key.ts";

test("parseApiKeys() reads entries between commas and lines, without what a comment says", () => {
  const [first, second, third] = [createApiKey(), createApiKey(), createApiKey()];
  const text = `# keys\n${entryOf("clinic-a", first)}, ${entryOf("clinic-a", second)}\n\n${entryOf("lab", third)} # until June\n`;
  expect([...parseApiKeys(text)]).toEqual([
    [hashOf(first), "clinic-a"],
    [hashOf(second), "clinic-a"],
    [hashOf(third), "lab"],
  ]);
});

const key = createApiKey();

test.each([
  { what: "no entry", text: "# nothing\n", says: "at least one entry" },
  { what: "a key in place of its hash", text: `lab:${key}`, says: 'entry 1 must be "tenant:sha' },
  { what: "a bare key", text: key, says: 'entry 1 must be "tenant:sha256"' },
  { what: "a tenant with capitals", text: `Lab:${hashOf(key)}`, says: "entry 1 must be" },
  {
    what: "one key of two tenants",
    text: `${entryOf("lab", key)},${entryOf("ward", key)}`,
    says: 'entry 2 has the key of another tenant, "lab"',
  },
])("parseApiKeys() refuses $what without telling it", ({ text, says }) => {
  expect(() => parseApiKeys(text)).toThrow(says);
  expect(() => parseApiKeys(text)).not.toThrow(key);
});

test("createApiKey() never gives the same key twice", () => {
  expect(new Set(Array.from({ length: 100 }, createApiKey)).size).toBe(100);
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
    { numRuns: 300, seed: 1 },
  );
});
