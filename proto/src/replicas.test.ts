import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { DomainError } from "./domain_error.ts";
import { VisionEncoder } from "./gen/medv/v1/vision_pb.ts";
import { type Client, createClient, type Implementation } from "./grpc.ts";
import { startBench, stopBenches, type Vision } from "./testing/vision_bench.ts";

const NEVER = new AbortController().signal;
const clients: Client<Vision>[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  stopBenches();
});

test("calls to a name of several addresses go to all of them in turn", async () => {
  const counts = [0, 0];
  const targets = await Promise.all(
    counts.map(async (_, replica) => {
      const { address } = await startBench({
        encode: async () => {
          counts[replica] = (counts[replica] ?? 0) + 1;
          return {};
        },
      });
      return address;
    }),
  );
  const client = createClient(VisionEncoder, targets.join(","));
  // Until both replicas are connected, the first one takes every call.
  for (let i = 0; i < 1000 && counts.includes(0); i++) await client.encode({}, { signal: NEVER });
  const before = [...counts];
  for (let i = 0; i < 10; i++) await client.encode({}, { signal: NEVER });
  client.close();
  expect(counts.map((count, replica) => count - (before[replica] ?? 0))).toEqual([5, 5]);
});

test("what one replica refuses goes to another", async () => {
  const seen = { refusals: 0 };
  const { client } = await replicas(
    {
      encode: () => {
        seen.refusals += 1;
        return Promise.reject(new DomainError("unavailable", "Cannot take the call"));
      },
    },
    { encode: async () => ({ cached: true }) },
  );
  while (seen.refusals < 3) {
    expect(await client.encode({}, { signal: NEVER })).toMatchObject({ cached: true });
  }
});

test("a request of many tiles whose connection breaks is sent whole once more", async () => {
  let calls = 0;
  const { address } = await startBench({
    encode: async (request) => {
      calls += 1;
      if (calls > 1) return { encodeMs: request.pixels.length };
      way.cut();
      return await new Promise(() => {});
    },
  });
  const way = await wayTo(address);
  const client = createClient(VisionEncoder, way.address);
  const pixels = new Uint8Array(8 << 20).fill(7);
  expect(await client.encode({ pixels }, { signal: NEVER })).toMatchObject({ encodeMs: 8 << 20 });
  client.close();
  way.cut();
});

test("a stream that has begun is not begun again", async () => {
  let begun = 0;
  const { client } = await startBench({
    async *readEmbedding() {
      begun += 1;
      yield { chunk: new Uint8Array(3) };
      throw new DomainError("unavailable", "Cannot go on");
    },
  });
  const lengths: number[] = [];
  const read = async (): Promise<void> => {
    for await (const { chunk } of client.readEmbedding({}, { signal: NEVER })) {
      lengths.push(chunk.length);
    }
  };
  await expect(read()).rejects.toMatchObject({ code: "unavailable" });
  expect({ begun, lengths }).toEqual({ begun: 1, lengths: [3] });
});

test("what every replica refuses fails with the last refusal", async () => {
  let refusals = 0;
  const { client } = await startBench({
    encode: () => {
      refusals += 1;
      return Promise.reject(new DomainError("unavailable", `Refusal ${refusals}`));
    },
  });
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
    code: "unavailable",
    message: "Refusal 5",
  });
});

test("an error of the request itself is not tried again", async () => {
  let refusals = 0;
  const { client } = await startBench({
    encode: () => {
      refusals += 1;
      return Promise.reject(new DomainError("overloaded", "Cannot take the call"));
    },
  });
  await expect(client.encode({}, { signal: NEVER })).rejects.toMatchObject({
    code: "overloaded",
  });
  expect(refusals).toBe(1);
});

test("connections on which a call was not heard of in time are left for new ones", async () => {
  const { address } = await startBench({ encode: async () => ({ cached: true }) });
  const way = await wayTo(address);
  const client = createClient(VisionEncoder, way.address);
  clients.push(client);
  await client.encode({}, { signal: NEVER });
  way.silence();
  const late = client.encode({}, { signal: NEVER, deadline: new Date(Date.now() + 100) });
  await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(await client.encode({}, { signal: NEVER })).toMatchObject({ cached: true });
  way.cut();
});

/** A client of several servers, each with handlers of its own. */
async function replicas(
  ...each: readonly Partial<Implementation<Vision>>[]
): Promise<{ readonly client: Client<Vision> }> {
  const benches = await Promise.all(each.map(startBench));
  const client = createClient(VisionEncoder, benches.map(({ address }) => address).join(","));
  clients.push(client);
  return { client };
}

/** A way to a server whose connections can be broken, or swallow everything from now on. */
async function wayTo(
  target: string,
): Promise<{ readonly address: string; cut(): void; silence(): void }> {
  const near: Socket[] = [];
  const server = createServer((socket) => {
    near.push(socket.on("error", () => {}));
    const far = connect(Number(target.split(":")[1]), "127.0.0.1");
    socket.pipe(far).on("error", () => {});
    far.pipe(socket);
  });
  server.unref().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    silence: () => near.forEach((socket) => socket.unpipe().pause()),
    cut: () => near.splice(0).forEach((socket) => socket.resetAndDestroy()),
  };
}
