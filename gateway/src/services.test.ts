import { lookup } from "node:dns/promises";
import { DiffusionDecoder } from "@medv/proto/diffusion";
import { credentialsOf } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { createLogger } from "@medv/runtime/logger";
import { startService } from "@medv/runtime/service";
import { createAuthority, issue } from "@medv/runtime/testing/certificates";
import { expect, test } from "vitest";
import { connectServices } from "./services.ts";

const { signal } = new AbortController();

function never(): never {
  throw new TypeError("Nobody calls it here");
}

test("forgetEmbedding() asks every replica of a name by its address, with the name's certificate", async () => {
  const authority = await createAuthority("a");
  const tls = await issue(authority, authority, { host: "localhost" });
  const options = {
    address: "localhost:0",
    addressVariable: "none",
    credentials: credentialsOf(tls).server,
    logger: createLogger({ service: "test", level: "silent" }),
  };
  const asked: string[] = [];
  const vision = await startService(VisionEncoder, options);
  vision.open({
    encode: never,
    readEmbedding: never,
    deleteEmbedding: ({ digest, tenantScope }) => {
      asked.push(`vision ${digest} of ${tenantScope}`);
      return Promise.resolve({});
    },
  });
  const replicas = await Promise.all(
    ["one", "other"].map(async (name) => {
      const diffusion = await startService(DiffusionDecoder, options);
      diffusion.open({
        describeModel: never,
        generate: never,
        forgetEmbedding: ({ digest, tenantScope }) => {
          asked.push(`${name} diffusion ${digest} of ${tenantScope}`);
          return Promise.resolve({});
        },
      });
      return diffusion;
    }),
  );
  const visionAddress = `localhost:${vision.port}`;
  const forgotten = { digest: "d", tenantScope: "a", requestId: "r" };
  const services = connectServices({
    visionAddress,
    diffusionAddress: replicas.map(({ port }) => `localhost:${port}`).join(","),
    tls,
  });
  const confirmed = await services.forgetEmbedding(forgotten, signal);
  const once = ["one diffusion d of a", "other diffusion d of a", "vision d of a"];
  // A machine's own name may have an address of each kind.
  const addresses = await lookup("localhost", { all: true });
  expect(asked.toSorted()).toEqual(once.flatMap((text) => addresses.map(() => text)));
  expect(confirmed.vision.size).toBe(addresses.length);
  expect(confirmed.diffusion.size).toBe(2 * addresses.length);

  // Who has no certificate of the name confirms nothing.
  const other = await issue(authority, authority, { host: "other.example.org" });
  const impostor = await startService(DiffusionDecoder, {
    ...options,
    credentials: credentialsOf(other).server,
  });
  const fooled = connectServices({
    visionAddress,
    diffusionAddress: `localhost:${impostor.port}`,
    tls,
  });
  await expect(fooled.forgetEmbedding(forgotten, signal)).rejects.toMatchObject({
    code: "unavailable",
  });
  for (const { vision: one, diffusion: two } of [services, fooled]) {
    one.close();
    two.close();
  }
  await Promise.all([vision, ...replicas, impostor].map((service) => service.drain()));
});

test.each([
  { what: "a replica that is gone", diffusionAddress: "127.0.0.1:1" },
  { what: "a name that is not known", diffusionAddress: "nowhere.invalid:50052" },
])("forgetEmbedding() is refused because of $what", async ({ diffusionAddress }) => {
  // One that confirms: only the other can be why.
  const vision = await startService(VisionEncoder, {
    address: "127.0.0.1:0",
    addressVariable: "none",
    logger: createLogger({ service: "test", level: "silent" }),
  });
  let confirmed = 0;
  vision.open({
    encode: never,
    readEmbedding: never,
    deleteEmbedding: () => {
      confirmed += 1;
      return Promise.resolve({});
    },
  });
  const visionAddress = `127.0.0.1:${vision.port}`;
  const services = connectServices({ visionAddress, diffusionAddress });
  const forgotten = { digest: "d", tenantScope: "a", requestId: "r" };
  await expect(services.forgetEmbedding(forgotten, signal)).rejects.toMatchObject({
    code: expect.stringMatching(/^(unavailable|deadline_exceeded)$/),
  });
  await expect.poll(() => confirmed).toBe(1);
  services.vision.close();
  services.diffusion.close();
  await vision.drain();
});
