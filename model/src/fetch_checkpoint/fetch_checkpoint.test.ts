import { createHash } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { fetchCheckpoint } from "./fetch_checkpoint.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const NEVER = new AbortController().signal;
const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7) % 251));
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(cleanUp.splice(0).map((step) => step()));
});

test("fetchCheckpoint() fetches what is listed, into folders too, and nothing again", async () => {
  const bench = await start(ranged);
  await bench.list({ "config.json": Buffer.from("{}"), "tower/model 1.safetensors": BODY });
  expect(await bench.fetch()).toEqual(["config.json new", "tower/model 1.safetensors new"]);
  expect(await readFile(join(bench.to, "tower/model 1.safetensors"))).toEqual(BODY);
  const asked = bench.requests.length;
  expect(await bench.fetch()).toEqual(["config.json kept", "tower/model 1.safetensors kept"]);
  expect(bench.requests).toHaveLength(asked);
});

test("fetchCheckpoint() goes on after what an earlier run has left", async () => {
  const bench = await start(ranged);
  await bench.list({ weights: BODY });
  await writeFile(join(bench.to, "weights.part"), BODY.subarray(0, 123_456));
  expect(await bench.fetch()).toEqual(["weights new"]);
  expect(bench.requests).toEqual(["/weights bytes=123456-"]);
  expect(await readdir(bench.to)).toEqual(["weights"]);
});

test("fetchCheckpoint() goes on after every cut of the connection", async () => {
  const bench = await start((request, response, body) => {
    const from = startOf(request);
    const rest = body.subarray(from);
    response.writeHead(206, { "content-length": rest.length });
    if (rest.length <= 70_000) response.end(rest);
    else response.write(rest.subarray(0, 70_000));
    // Cut when the bytes are in the file: those that are still on their way are lost with a connection.
    const stored = setInterval(() => {
      const size = statSync(join(bench.to, "weights.part"), { throwIfNoEntry: false })?.size ?? 0;
      if (size > from) response.destroy();
    }, 5);
    response.on("close", () => clearInterval(stored));
  });
  await bench.list({ weights: BODY });
  await bench.fetch();
  expect(await readFile(join(bench.to, "weights"))).toEqual(BODY);
  expect(bench.requests.length).toBeGreaterThan(3);
});

test("fetchCheckpoint() starts anew where the server knows no ranges", async () => {
  const bench = await start((_, response, body) => response.end(body));
  await bench.list({ weights: BODY });
  await writeFile(join(bench.to, "weights.part"), "something else");
  await bench.fetch();
  expect(await readFile(join(bench.to, "weights"))).toEqual(BODY);
});

test("fetchCheckpoint() throws away what is not as listed, so that the next run can succeed", async () => {
  const bench = await start(ranged);
  await bench.list({ weights: BODY });
  await writeFile(join(bench.to, "weights.part"), Buffer.alloc(1000, 1));
  await expect(bench.fetch()).rejects.toThrow(/its SHA-256 must be [0-9a-f]{64}: found/);
  expect(await readdir(bench.to)).toEqual([]);
  expect(await bench.fetch()).toEqual(["weights new"]);
});

test("fetchCheckpoint() shows its token, and says what the server answered without one", async () => {
  const bench = await start((request, response, body) => {
    if (request.headers.authorization === "Bearer secret") ranged(request, response, body);
    else response.writeHead(401).end();
  });
  await bench.list({ weights: BODY });
  await expect(bench.fetch()).rejects.toThrow(
    /^Cannot fetch "http:.*\/weights" as no byte came after the first 0: the server answered 401$/,
  );
  expect(await bench.fetch("secret")).toEqual(["weights new"]);
});

test("fetchCheckpoint() stops with the signal's reason", async () => {
  const bench = await start(() => {});
  await bench.list({ weights: BODY });
  const stop = new AbortController();
  const fetching = bench.fetch(undefined, stop.signal);
  stop.abort(new RangeError("enough"));
  await expect(fetching).rejects.toThrow("enough");
});

test("fetchCheckpoint() refuses a source that is no URL", async () => {
  const bench = await start(ranged);
  await bench.list({});
  const options = { from: "file:///etc", sums: bench.sums, to: bench.to, onFile: () => {} };
  await expect(fetchCheckpoint(options, NEVER)).rejects.toThrow("must be an http or https URL");
});

function ranged(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const from = startOf(request);
  if (request.headers.range === undefined) response.end(body);
  else if (from >= body.length) response.writeHead(416).end();
  else response.writeHead(206).end(body.subarray(from));
}

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
}

async function start(answer: Answer) {
  const folder = await mkdtemp(join(tmpdir(), "fetch-"));
  const to = await mkdtemp(join(folder, "to-"));
  const sums = join(folder, "SHA256SUMS");
  const requests: string[] = [];
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push(`${path} ${request.headers.range ?? "all"}`);
    answer(request, response, files.get(path.slice(1)) ?? Buffer.alloc(0));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    to,
    sums,
    requests,
    async list(listed: Readonly<Record<string, Buffer>>): Promise<void> {
      for (const [name, body] of Object.entries(listed)) files.set(name, body);
      const lines = Object.entries(listed).map(
        ([name, body]) => `${createHash("sha256").update(body).digest("hex")}  ${name}\n`,
      );
      await writeFile(sums, lines.join(""));
    },
    async fetch(token?: string, signal = NEVER): Promise<string[]> {
      const seen: string[] = [];
      const from = `http://127.0.0.1:${port}`;
      const onFile = (file: { name: string; fetched: boolean }): void => {
        seen.push(`${file.name} ${file.fetched ? "new" : "kept"}`);
      };
      await fetchCheckpoint({ from, sums, to, token, onFile }, signal);
      return seen;
    },
  };
}
