import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Attribute, writeDicom } from "./image/dicom/testing/write_dicom.ts";
import { askAbout } from "./testing/ask_about.ts";
import { startScriptedGateway } from "./testing/scripted_gateway.ts";

const CANARY = "CANARY";
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.seen.requests.length = 0;
  gateway.seen.encodeRequests.length = 0;
  gateway.seen.logs.length = 0;
});

/** Where PS3.15 Table E.1-1 has names, places, numbers and free text, and private attributes. */
const TEXTS =
  `00080050 SH,00080080 LO,00080081 ST,00080090 PN,00080092 ST,00080094 SH,00081010 SH,00081030 LO,0008103e LO,
00081040 LO,00081048 PN,00081050 PN,00081060 PN,00081070 PN,00081080 LO,00082111 ST,00084000 LT,00100010 PN,00100020 LO,
00100021 LO,00100030 DA,00100040 CS,00101000 LO,00101001 PN,00101005 PN,00101010 AS,00101040 LO,00101060 PN,00102000 LO,
00102154 SH,00102160 SH,00102180 SH,001021b0 LT,001021f0 LO,00104000 LT,00180010 LO,00181000 LO,00181004 LO,00181030 LO,
00184000 LT,00200010 SH,00200011 IS,00204000 LT,00281055 LO,00284000 LT,00320012 LO,00321032 PN,00321060 LO,00324000 LT,
00380010 LO,00380300 LO,00380500 LO,00384000 LT,00400006 PN,00400241 AE,00400253 SH,00400275 LO,00401001 SH,00402016 LO,
0040a123 PN,0040a160 UT,00880140 UI,40080114 PN,4008010c PN,00090010 LO,00091001 LO,00110010 LO,00111001 UN,00131002 ST`
    .replaceAll(/\s*,\s*/g, ",")
    .split(",")
    .map((entry) => {
      const at = entry.lastIndexOf(" ");
      return { tag: entry.slice(0, at).replaceAll(" ", ""), vr: entry.slice(at + 1) };
    });

function dicom(...changes: readonly Attribute[]): Uint8Array<ArrayBuffer> {
  const attributes = new Map<string, Attribute>(
    TEXTS.map(({ tag, vr }) => [tag, [tag, vr, vr === "UN" ? Buffer.from(CANARY) : CANARY]]),
  );
  const nested: Attribute[] = [
    ["00100010", "PN", CANARY],
    ["00280010", "US", 7],
  ];
  for (const attribute of [
    ["00081140", "SQ", [nested]],
    ["00400275", "SQ", [nested]],
    ["00080060", "CS", "CT"],
    ["00280002", "US", 1],
    ["00280004", "CS", "MONOCHROME2"],
    ["00280010", "US", 8],
    ["00280011", "US", 8],
    ["00280100", "US", 8],
    ["7fe00010", "OB", new Uint8Array(64).fill(100)],
    ["fffcfffc", "OB", Buffer.from(CANARY.repeat(4))],
    ...changes,
  ] as const) {
    attributes.set(attribute[0], attribute);
  }
  const bytes = writeDicom([...attributes.values()]);
  bytes.set(Buffer.from(CANARY.repeat(10)), 0); // the preamble
  return new Uint8Array(bytes);
}

/** All that left the process since the last test, and what stands in the answer. */
async function everything(response: Response): Promise<string> {
  const { requests, encodeRequests, logs } = gateway.seen;
  return [
    JSON.stringify([...response.headers]),
    await response.text(),
    JSON.stringify({ requests, encodeRequests, logs }, asText),
  ].join("\n");
}

function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  return typeof value === "bigint" ? String(value) : value;
}

test("nothing of a DICOM file but pixels and technical terms leaves the parser", async () => {
  const bytes = dicom();
  expect(Buffer.from(bytes).toString("latin1").split(CANARY).length).toBeGreaterThan(80);
  const created = await gateway.app.request("/v1/images", { method: "POST", body: bytes });
  expect(created.status).toBe(201);
  const { id } = (await created.clone().json()) as { id: string };
  expect(await everything(created)).not.toContain(CANARY);
  const answer = await gateway.app.request("/v1/chat/completions", {
    method: "POST",
    body: JSON.stringify(askAbout([`medv-image:${id}`])),
  });
  expect(answer.status).toBe(200);
  expect(gateway.seen.requests).toHaveLength(1);
  expect(gateway.seen.encodeRequests).toHaveLength(1);
  expect(await everything(answer)).not.toContain(CANARY);
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
  const bytes = dicom();
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
