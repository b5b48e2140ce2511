import { expect, test } from "vitest";
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
