import { prepareRedis, redisTest } from "@medv/runtime/testing/redis_tests";
import { until } from "@medv/runtime/testing/until";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { textAttributes } from "./image/dicom/testing/text_attributes.ts";
import { type Attribute, writeDicom } from "./image/dicom/testing/write_dicom.ts";
import { askAbout } from "./testing/ask_about.ts";
import { type RecordingProxy, startRecordingProxy } from "./testing/recording_proxy.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

const CANARY = "CANARY";
const redis = prepareRedis();
const proxies: RecordingProxy[] = [];
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({
    between: async (port) => {
      const proxy = await startRecordingProxy(port);
      proxies.push(proxy);
      return proxy.port;
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  for (const proxy of proxies) proxy.close();
});
beforeEach(forget);

function forget(): void {
  gateway.seen.requests.length = 0;
  gateway.seen.encodeRequests.length = 0;
  gateway.seen.logs.length = 0;
  for (const proxy of proxies) proxy.heard();
}

/** What a file must have, and what decides about its pixels: text in place of it is refused, as is tested below. */
const TECHNICAL: readonly Attribute[] = [
  ["00080060", "CS", "CT"],
  ["00280002", "US", 1],
  ["00280004", "CS", "MONOCHROME2"],
  ["00280008", "IS", "1"],
  ["00280010", "US", 8],
  ["00280011", "US", 8],
  ["00280100", "US", 8],
  ["00281050", "DS", "100"],
  ["00281051", "DS", "200"],
  ["00281052", "DS", "0"],
  ["00281053", "DS", "1"],
  ["00281056", "CS", "LINEAR"],
  ["7fe00010", "OB", new Uint8Array(64).fill(100)],
];

/** Tables that would have to be whole are left out. */
const DECIDING = new Set([...TECHNICAL.map(([tag]) => tag), "00283000", "00283010"]);

const TEXTS = textAttributes(CANARY);
const FREE = TEXTS.filter(([tag]) => !DECIDING.has(tag));
/** As many as a small file may have. */
const CHUNK = 90;
const CHUNKS = Array.from({ length: Math.ceil(FREE.length / CHUNK) }, (_, at) =>
  FREE.slice(at * CHUNK, (at + 1) * CHUNK),
);

function dicom(...attributes: readonly Attribute[]): Uint8Array<ArrayBuffer> {
  const padding: Attribute = ["fffcfffc", "OB", Buffer.from(CANARY.repeat(4))];
  const all = new Map<string, Attribute>(TECHNICAL.map((attribute) => [attribute[0], attribute]));
  for (const attribute of [padding, ...attributes]) all.set(attribute[0], attribute);
  const bytes = writeDicom([...all.values()]);
  bytes.set(Buffer.from(CANARY.repeat(10)), 0); // the preamble
  return new Uint8Array(bytes);
}

/** All that left the process since the last test or question, and what stands in the answer. */
async function everything(response: Response): Promise<string> {
  const { requests, encodeRequests, logs } = gateway.seen;
  return [
    JSON.stringify([...response.headers]),
    await response.text(),
    JSON.stringify({ requests, encodeRequests, logs }, asText),
    ...proxies.map((proxy) => proxy.heard()),
  ].join("\n");
}

function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return typeof value === "bigint" ? String(value) : value;
}

/** Uploads a file and asks about it; returns all that was seen outside of the parser. */
async function uploadAndAsk(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const created = await gateway.app.request("/v1/images", { method: "POST", body: bytes });
  expect(created.status).toBe(201);
  const { id } = (await created.clone().json()) as { id: string };
  const path = `/v1/images/${id}`;
  const answer = await gateway.app.request("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(askAbout([`medv-image:${id}`])),
  });
  expect(answer.status).toBe(200);
  const seen = [created, await gateway.app.request(path), answer].map(everything);
  return (await Promise.all(seen)).join("\n");
}

test("nothing of a DICOM file but pixels and technical terms leaves the parser, whichever attribute holds it", async () => {
  expect(TEXTS.length).toBeGreaterThan(3700);
  expect(TEXTS.length - FREE.length).toBeLessThan(12);
  for (const attributes of CHUNKS) {
    forget();
    const bytes = dicom(...attributes);
    const canaries = Buffer.from(bytes).toString("latin1").split(CANARY).length;
    expect(canaries).toBeGreaterThan(attributes.length);
    const seen = await uploadAndAsk(bytes);
    // It says something only where all was heard.
    for (const part of ["x-request-id", "medv.v1.", '"grpc-status":"0"']) {
      expect(seen).toContain(part);
    }
    expect(gateway.seen.requests).toHaveLength(1);
    expect(gateway.seen.encodeRequests).toHaveLength(1);
    expect(seen).not.toContain(CANARY);
  }
});

redisTest("nothing of a DICOM file stands in a name or a value of the shared cache", async () => {
  // Without a key: values lie there as they are.
  const connection = await redis.connect();
  const sharing = await startScriptedGateway({ connection });
  redis.cleanUp(sharing.stop);
  const chunk = CHUNKS.find((each) => each.some(([tag]) => tag === "00100010")) ?? [];
  const body = dicom(...chunk);
  expect(Buffer.from(body).includes(CANARY)).toBe(true);
  const headers = { "idempotency-key": "a-key" };
  const created = await sharing.app.request("/v1/images", { method: "POST", body, headers });
  expect(created.status).toBe(201);
  const { id } = (await created.json()) as { id: string };
  const asked = await sharing.app.request("/v1/answers", {
    method: "POST",
    body: JSON.stringify(askAbout([`medv-image:${id}`], { on_disconnect: "continue" })),
  });
  expect(await asked.text()).toContain("answer-end");
  await until("the answer is in the cache", async () =>
    [...(await redis.server.entries()).values()].join().includes("Hello"),
  );
  const entries = [...(await redis.server.entries())];
  expect(entries.length).toBeGreaterThan(2);
  for (const [name, content] of entries) {
    expect(`${name} ${content.toString("latin1")}`).not.toContain(CANARY);
  }
});

test.each([
  { place: "the modality", change: ["00080060", "CS", CANARY], status: 201 },
  { place: "the body part", change: ["00180015", "CS", CANARY], status: 201 },
  { place: "the laterality", change: ["00200062", "CS", CANARY], status: 201 },
  { place: "the window", change: ["00281050", "DS", CANARY], status: 422 },
  { place: "the shape of the window", change: ["00281056", "CS", CANARY], status: 201 },
  { place: "the number of frames", change: ["00280008", "IS", CANARY], status: 422 },
  { place: "the meaning of samples", change: ["00280004", "CS", CANARY], status: 415 },
  { place: "a length", change: ["00280010", "UT", CANARY], status: 413 },
  { place: "the pixels' place", change: ["7fe00010", "UT", CANARY], status: 422 },
] as const)("a name in place of $place does not leave the parser", async ({ change, status }) => {
  const response = await gateway.app.request("/v1/images", { method: "POST", body: dicom(change) });
  expect(response.status).toBe(status);
  expect(await everything(response)).not.toContain(CANARY);
});

test("a name in a file that is cut does not leave the parser", async () => {
  const bytes = dicom(["00100010", "PN", CANARY], ["00104000", "LT", CANARY.repeat(9)]);
  for (const share of [0.1, 0.3, 0.6, 0.9]) {
    const body = bytes.slice(0, Math.floor(bytes.length * share));
    const response = await gateway.app.request("/v1/images", { method: "POST", body });
    expect([415, 422]).toContain(response.status);
    expect(await everything(response)).not.toContain(CANARY);
  }
});

test.each(["jpeg", "png", "webp", "tiff"] as const)(
  "nothing of a %s's metadata leaves the decoder",
  async (format) => {
    const bytes = await sharp({ create: { width: 60, height: 60, channels: 3, background: "red" } })
      .withExif({ IFD0: { ImageDescription: CANARY, Artist: CANARY } })
      .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${CANARY}</x:xmpmeta>`)
      .toFormat(format)
      .toBuffer();
    expect(bytes.toString("latin1")).toContain(CANARY);
    for (const body of [bytes, bytes.subarray(0, -30)]) {
      const response = await gateway.app.request("/v1/images", {
        method: "POST",
        body: new Uint8Array(body),
      });
      expect(await everything(response)).not.toContain(CANARY);
    }
  },
);
