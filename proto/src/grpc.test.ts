import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { DOMAIN_CODES, DomainError } from "./domain_error.ts";
import { EncodeRequestSchema, VisionEncoder } from "./gen/medv/v1/vision_pb.ts";
import { addService, createClient, createServer, type Implementation } from "./grpc.ts";
import { startBench, stopBenches, type Vision } from "./testing/vision_bench.ts";

const NEVER = new AbortController().signal;

afterEach(stopBenches);

describe("unary calls", () => {
  test("createClient() brings request, request id and deadline to the handler and the response back", async () => {
    const seen: unknown[] = [];
    const { client } = await startBench({
      encode: async (request, context) => {
        seen.push(request.tenantScope, [...request.pixels], context.requestId, context.deadline);
        return { cached: true, encodeMs: 1.5 };
      },
    });
    const deadline = new Date(Date.now() + 60_000);
    const response = await client.encode(
      { tenantScope: "a", pixels: new Uint8Array([1, 2]) },
      { signal: NEVER, requestId: "r-1", deadline },
    );
    expect(response).toMatchObject({ cached: true, encodeMs: 1.5 });
    expect(seen.slice(0, 3)).toEqual(["a", [1, 2], "r-1"]);
    // grpc-js carries the time that is left, not the time of day.
    expect(Math.abs((seen[3] as Date).getTime() - deadline.getTime())).toBeLessThan(5_000);
  });

  test("an aborted signal rejects with its reason and aborts the handler", async () => {
    const entered = Promise.withResolvers<void>();
    const handler = Promise.withResolvers<unknown>();
    const { client, errors } = await startBench({
      encode: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          entered.resolve();
          signal.addEventListener("abort", () => {
            handler.resolve(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    const controller = new AbortController();
    const call = client.encode({}, { signal: controller.signal });
    await entered.promise;
    controller.abort(new RangeError("enough"));
    await expect(call).rejects.toThrow(new RangeError("enough"));
    expect(await handler.promise).toMatchObject({ code: "cancelled" });
    expect(errors).toEqual([]);
  });

  test("a signal that is aborted already sends nothing", async () => {
    let calls = 0;
    const { client } = await startBench({
      encode: async () => {
        calls += 1;
        return {};
      },
    });
    await expect(client.encode({}, { signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect(calls).toBe(0);
  });

  test("a deadline that passes is a DomainError for the caller and an abort for the handler", async () => {
    const handler = Promise.withResolvers<unknown>();
    const { client } = await startBench({
      encode: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            handler.resolve(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    const call = client.encode({}, { signal: NEVER, deadline: new Date(Date.now() + 200) });
    await expect(call).rejects.toMatchObject({ name: "DomainError", code: "deadline_exceeded" });
    expect(await handler.promise).toBeInstanceOf(DomainError);
  });

  test("8 concurrent uploads of 16 MB arrive whole", async () => {
    const { client } = await startBench({
      encode: async (request) => ({
        encodeMs: request.pixels.length + (request.pixels.at(-1) ?? 0),
      }),
    });
    const pixels = new Uint8Array(16 << 20).fill(7);
    const request = create(EncodeRequestSchema, { pixels });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.encode(request, { signal: NEVER })),
    );
    expect(answers.map((answer) => answer.encodeMs)).toEqual(Array(8).fill((16 << 20) + 7));
  }, 60_000);

  test("a message over the limit is refused with a code of its own", async () => {
    const { client } = await startBench({ encode: async () => ({}) });
    const pixels = new Uint8Array((64 << 20) + 1);
    await expect(client.encode({ pixels }, { signal: NEVER })).rejects.toMatchObject({
      code: "body_too_large",
    });
  });

  test("a service that is not there is a DomainError", async () => {
    const client = createClient(VisionEncoder, "127.0.0.1:1");
    await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
      code: "unavailable",
    });
    client.close();
  });
});

describe("streamed calls", () => {
  test("createClient() yields what the handler yields, in order", async () => {
    const { client } = await startBench({
      async *readEmbedding(request) {
        for (let i = 0; i < 100; i++) yield { chunk: new Uint8Array([i, request.digest.length]) };
      },
    });
    const chunks: number[] = [];
    for await (const { chunk } of client.readEmbedding({ digest: "abc" }, { signal: NEVER })) {
      chunks.push(chunk[0] ?? -1);
    }
    expect(chunks).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("leaving the loop cancels the handler", async () => {
    const ended = Promise.withResolvers<unknown>();
    const { client, errors } = await startBench({
      async *readEmbedding(_, { signal }) {
        try {
          while (true) {
            yield { chunk: new Uint8Array(1) };
            await sleep(5, undefined, { signal });
          }
        } finally {
          ended.resolve(signal.reason);
        }
      },
    });
    for await (const response of client.readEmbedding({}, { signal: NEVER })) {
      expect(response.chunk.length).toBe(1);
      break;
    }
    expect(await ended.promise).toMatchObject({ code: "cancelled" });
    expect(errors).toEqual([]);
  });

  test("an aborted signal ends the loop with its reason, also while the handler is silent", async () => {
    const ended = Promise.withResolvers<void>();
    const { client } = await startBench({
      async *readEmbedding(_, { signal }) {
        yield {};
        await sleep(60_000, undefined, { signal }).finally(() => ended.resolve());
      },
    });
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _ of client.readEmbedding({}, { signal: controller.signal })) {
        setTimeout(() => controller.abort(new RangeError("enough")), 20);
      }
    };
    await expect(read()).rejects.toThrow(new RangeError("enough"));
    await ended.promise;
  });

  test("an error after some messages reaches the caller after those messages", async () => {
    const { client } = await startBench({
      async *readEmbedding() {
        yield { chunk: new Uint8Array(3) };
        throw new DomainError("embedding_not_found", "Cannot read");
      },
    });
    const lengths: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { chunk } of client.readEmbedding({}, { signal: NEVER })) {
        lengths.push(chunk.length);
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "embedding_not_found" });
    expect(lengths).toEqual([3]);
  });

  test("a caller that does not read holds the handler back", async () => {
    const chunkBytes = 256 << 10;
    let written = 0;
    const { client } = await startBench({
      async *readEmbedding() {
        for (; written < 1024; written++) yield { chunk: new Uint8Array(chunkBytes) };
      },
    });
    for await (const _ of client.readEmbedding({}, { signal: NEVER })) {
      let before = -1;
      while (before !== written) {
        before = written;
        await sleep(200);
      }
      break;
    }
    // A window of 16 MB on the wire and 16 messages in each side's queue, of 256 MB in all.
    expect(written * chunkBytes).toBeLessThan(48 << 20);
  });
});

describe("errors", () => {
  test.each(DOMAIN_CODES)('"%s" arrives with code, message, field and hint', async (code) => {
    const sent = new DomainError(code, 'Cannot é as 100 % of "ü"', {
      field: "images[0].größe",
      hint: "try ≤ 3",
      retryAfterSeconds: 7,
    });
    const { client } = await startBench({ encode: () => Promise.reject(sent) });
    const received = await client.encode({}, { signal: NEVER }).catch((error: unknown) => error);
    expect(received).toBeInstanceOf(DomainError);
    const { message, field, hint, retryAfterSeconds } = sent;
    expect(received).toMatchObject({ code, message, field, hint, retryAfterSeconds });
  });

  test("an unknown error shows nothing of itself to the caller and all of itself to the hook", async () => {
    const secret = new Error("the patient's name", { cause: "more" });
    const { client, errors } = await startBench({ encode: () => Promise.reject(secret) });
    const received = await client.encode({}, { signal: NEVER }).catch((error: unknown) => error);
    expect(received).toMatchObject({ code: "internal", message: "internal" });
    expect(received).not.toHaveProperty("cause");
    expect(errors).toEqual([secret]);
  });

  test("addService() refuses an implementation that lacks a method", () => {
    const server = createServer();
    const none = {} as Implementation<Vision>;
    expect(() => addService(server, VisionEncoder, none, () => {})).toThrow(
      'Cannot serve medv.v1.VisionEncoder as "encode" has no handler',
    );
  });
});
