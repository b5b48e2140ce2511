import { gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { readBody, readJson } from "./read_body.ts";

const MAX_BYTES = 1 << 20;
const JSON_TEXT = JSON.stringify({ text: "What is it? ".repeat(1000) });

function request(body: RequestInit["body"], encoding?: string): Request {
  const headers = encoding === undefined ? {} : { "content-encoding": encoding };
  return new Request("http://gateway/", {
    method: "POST",
    body: body ?? null,
    headers,
    duplex: "half",
  });
}

/** A stream of `chunks` that counts what is taken of it. */
function counted(chunks: Iterable<Uint8Array<ArrayBuffer>>) {
  const taken = { bytes: 0, isCancelled: false };
  const iterator = chunks[Symbol.iterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { value, done } = iterator.next();
        if (done === true) return controller.close();
        taken.bytes += value.length;
        controller.enqueue(value);
      },
      cancel() {
        taken.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

function* forever(chunk: Uint8Array<ArrayBuffer>) {
  for (;;) yield chunk;
}

test.each(["gzip", "GZIP", " gzip "])("readJson() unpacks a body of %j", async (encoding) => {
  const packed = new Uint8Array(gzipSync(JSON_TEXT));
  expect(await readJson(request(packed, encoding), MAX_BYTES)).toEqual(JSON.parse(JSON_TEXT));
});

test("readBody() unpacks a body whose bytes come one by one", async () => {
  const packed = gzipSync("hello");
  const { stream } = counted([...packed].map((byte) => Uint8Array.of(byte)));
  const body = await readBody(request(stream, "gzip"), MAX_BYTES);
  expect(new TextDecoder().decode(body)).toBe("hello");
});

test("readBody() refuses a bomb as soon as it has grown over the cap, and takes no more of it", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(256 << 20), { level: 9 }));
  expect(bomb.length).toBeGreaterThan(200_000);
  const { stream, taken } = counted(slicesOf(bomb, 8192));
  await expect(readBody(request(stream, "gzip"), MAX_BYTES)).rejects.toMatchObject({
    code: "body_too_large",
  });
  await vi.waitFor(() => expect(taken.isCancelled).toBe(true));
  expect(taken.bytes).toBeLessThan(bomb.length);
});

test("readBody() takes no more than the cap of a body that does not end", async () => {
  const { stream, taken } = counted(forever(new Uint8Array(1000)));
  await expect(readBody(request(stream), MAX_BYTES)).rejects.toMatchObject({
    code: "body_too_large",
  });
  expect(taken).toEqual({ bytes: expect.any(Number) as number, isCancelled: true });
  expect(taken.bytes).toBeLessThan(MAX_BYTES + 10_000);
});

test.each([
  { what: "no gzip", body: new TextEncoder().encode("hello"), encoding: "gzip" },
  {
    what: "half a gzip",
    body: new Uint8Array(gzipSync(JSON_TEXT).subarray(0, 40)),
    encoding: "gzip",
  },
  { what: "another encoding", body: new Uint8Array(1), encoding: "br" },
  { what: "two encodings", body: new Uint8Array(gzipSync("a")), encoding: "gzip, gzip" },
])("readBody() refuses $what by its header", async ({ body, encoding }) => {
  await expect(readBody(request(body, encoding), MAX_BYTES)).rejects.toMatchObject({
    code: "invalid_request",
    field: "Content-Encoding",
  });
});

test.each(["gzip", "identity"])(
  "readBody() of a body in %s that breaks off fails with what broke it",
  async (encoding) => {
    const broken = new Error("the caller went away");
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(gzipSync("hello"))),
      pull: (controller) => controller.error(broken),
    });
    await expect(readBody(request(stream, encoding), MAX_BYTES)).rejects.toBe(broken);
  },
);

function* slicesOf(bytes: Uint8Array<ArrayBuffer>, length: number) {
  for (let start = 0; start < bytes.length; start += length) {
    yield bytes.slice(start, start + length);
  }
}
