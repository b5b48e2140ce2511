import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { JsonLog } from "./json_log.ts";

const schema = z.object({ id: z.string(), text: z.string() });
const keyOf = ({ id }: { id: string }): string => id;
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "json-log-"));
  file = join(folder, "log.jsonl");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("JsonLog drops a torn last line and goes on after the whole ones", async () => {
  const log = await JsonLog.open(file, schema, keyOf);
  log.append({ id: "a", text: "ä" });
  await appendFile(file, '{"id":"b","te');
  const again = await JsonLog.open(file, schema, keyOf);
  expect(again.get("a")).toEqual({ id: "a", text: "ä" });
  expect(again.get("b")).toBeUndefined();
  again.append({ id: "b", text: "x" });
  again.append({ id: "a", text: "y" });
  expect(await readFile(file, "utf8")).toBe(
    '{"id":"a","text":"ä"}\n{"id":"b","text":"x"}\n{"id":"a","text":"y"}\n',
  );
  const last = await JsonLog.open(file, schema, keyOf);
  expect([last.get("a")?.text, last.lineOf("a"), last.lineOf("b")]).toEqual(["y", 3, 2]);
});

test("JsonLog.open() refuses a whole line that is not its own, by file and line", async () => {
  await writeFile(file, '{"id":"a","text":""}\n{"id":1}\n');
  await expect(JsonLog.open(file, schema, keyOf)).rejects.toThrow(`Cannot resume as ${file}:2 is`);
});
