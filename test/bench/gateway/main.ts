/**
 * What the gateway itself costs, before services that do no work: from an upload to ready pixels, on a follow-up turn, with
 * many streams at a time; and how long an embedding takes between the services.
 *
 *     npm run bench:gateway -- [--uploads 7] [--turns 300] [--streams 64] [--pulls 50]
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "@medv/evaluation/answerers/free_port";
import { DiffusionDecoder, Role } from "@medv/proto/diffusion";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { ended, startProcess } from "../../start_process.ts";
import { drawCt, drawPhoto, heicOf } from "../drawn_files.ts";
import { machine } from "../machine.ts";
import { median, percentile } from "../median.ts";
import { EMBEDDING, EVENTS } from "./figures.ts";

const { values } = parseArgs({
  options: {
    uploads: { type: "string", default: "7" },
    turns: { type: "string", default: "300" },
    streams: { type: "string", default: "64" },
    pulls: { type: "string", default: "50" },
  },
});
const NEVER = new AbortController().signal;
const [visionPort, diffusionPort, port] = [await freePort(), await freePort(), await freePort()];
const env = {
  MEDV_VISION_ADDRESS: `127.0.0.1:${visionPort}`,
  MEDV_DIFFUSION_ADDRESS: `127.0.0.1:${diffusionPort}`,
  MEDV_PORT: String(port),
  MEDV_LOG_LEVEL: "info",
};
const url = `http://127.0.0.1:${port}`;
const services = await startStubs();
const gateway = await startProcess("gateway", env, []);
try {
  const rows = [...(await uploads()), ...(await turns()), ...(await streams()), ...(await pulls())];
  const table = ["| | median | |", "| --- | --- | --- |", ...rows];
  process.stdout.write(`${table.join("\n")}\n${machine()}\n`);
} finally {
  gateway.kill("SIGTERM");
  await ended(gateway);
  services.kill("SIGKILL");
}

async function startStubs(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "stub_services.ts")], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data"); // the line that says that they are ready
  return child;
}

async function uploads(): Promise<readonly string[]> {
  const jpeg = await drawPhoto().jpeg().toBuffer();
  const heic = heicOf(jpeg);
  const rows = [
    await uploadRow("12-megapixel JPEG", (run) => withComment(jpeg, run)),
    heic === undefined
      ? "| 12-megapixel HEIC, upload to ready pixels | – | heif-enc is not installed |"
      : await uploadRow("12-megapixel HEIC", (run) => withFreeBox(heic, run)),
    await uploadRow("512×512 16-bit CT, DICOM", (run) => drawCt(run)),
  ];
  return rows;
}

async function uploadRow(what: string, draw: (run: number) => Uint8Array): Promise<string> {
  const times: number[] = [];
  for (let run = 0; run <= Number(values.uploads); run++) {
    const body = new Uint8Array(draw(run));
    const startedAt = performance.now();
    const response = await fetch(`${url}/v1/images`, { method: "POST", body });
    await response.text();
    if (response.status !== 201) throw new Error(`Cannot upload ${what}: ${response.status}`);
    // The first warms the decoder up.
    if (run > 0) times.push(performance.now() - startedAt);
  }
  return `| ${what}, upload to ready pixels | ${median(times).toFixed(0)} ms | worst ${Math.max(...times).toFixed(0)} ms |`;
}

/** The same image in other bytes: a comment behind the first marker. */
function withComment(jpeg: Uint8Array, run: number): Uint8Array {
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, 3, run]),
    jpeg.subarray(2),
  ]);
}

/** The same image in other bytes: a box that means nothing, at the end. */
function withFreeBox(heic: Uint8Array, run: number): Uint8Array {
  return Buffer.concat([heic, Buffer.from([0, 0, 0, 9]), Buffer.from("free"), Buffer.from([run])]);
}

async function turns(): Promise<readonly string[]> {
  const sent = await fetch(`${url}/v1/images`, { method: "POST", body: new Uint8Array(drawCt()) });
  const { id } = (await sent.json()) as { id: string };
  const body = question({ max_tokens: 1 }, `medv-image:${id}`);
  const ask = async (): Promise<void> => {
    const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", body });
    await response.text();
    if (response.status !== 200) throw new Error(`Cannot ask: ${response.status}`);
  };
  const client = createClient(DiffusionDecoder, env.MEDV_DIFFUSION_ADDRESS);
  const call = async (): Promise<void> => {
    const content = { case: "text", value: "What does this image show?" } as const;
    const request = {
      model: "stub",
      messages: [{ role: Role.USER, parts: [{ content }] }],
      settings: { genLength: 1 },
    };
    for await (const _ of client.generate(request, { signal: NEVER }));
  };
  const [asked, called]: [number[], number[]] = [[], []];
  // Taking turns, so that what else the machine does meets both alike.
  for (let turn = 0; turn < Number(values.turns); turn++) {
    asked.push(await timed(ask));
    called.push(await timed(call));
  }
  client.close();
  const rows: (readonly [string, (percent: number) => number])[] = [
    ["follow-up turn by HTTP, decoder that answers at once", (at) => warm(asked, at)],
    ["the same call by gRPC alone", (at) => warm(called, at)],
    ["what the gateway adds", (at) => warm(asked, at) - warm(called, at)],
  ];
  return rows.map(
    ([what, at]) => `| ${what} | ${at(50).toFixed(2)} ms | p99 ${at(99).toFixed(2)} ms |`,
  );
}

/** A percentile without the first turns, in which everything is compiled. */
function warm(times: readonly number[], percent: number): number {
  return percentile(times.slice(10), percent);
}

async function streams(): Promise<readonly string[]> {
  const count = Number(values.streams);
  const firstMs: number[] = [];
  let lost = 0;
  const stream = async (): Promise<void> => {
    const startedAt = performance.now();
    const body = question({ diffusion: { gen_length: 64 } });
    const response = await fetch(`${url}/v1/answers`, { method: "POST", body });
    let text = "";
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      if (text === "") firstMs.push(performance.now() - startedAt);
      text += part;
    }
    lost += EVENTS - text.split("\n").filter((line) => line.startsWith("event: ")).length;
  };
  const tookMs = await timed(() => Promise.all(Array.from({ length: count }, stream)));
  const rate = ((count * EVENTS * 1000) / tookMs).toFixed(0);
  return [
    `| ${count} streams at a time, first event | ${median(firstMs).toFixed(0)} ms | ${lost} of ${count * EVENTS} events lost, ${rate} events a second |`,
  ];
}

async function pulls(): Promise<readonly string[]> {
  const client = createClient(VisionEncoder, env.MEDV_VISION_ADDRESS);
  const { digest, tenantScope, shape } = EMBEDDING;
  const bytes = shape.reduce<number>((all, each) => all * each, 2);
  const pull = async (): Promise<void> => {
    let length = 0;
    for await (const { chunk } of client.readEmbedding(
      { digest, tenantScope },
      { signal: NEVER },
    )) {
      length += chunk.length;
    }
    if (length !== bytes) throw new Error(`Cannot pull the embedding: ${length} of ${bytes} bytes`);
  };
  await pull();
  const rows: string[] = [];
  for (const together of [1, 8]) {
    const times: number[] = [];
    for (let round = 0; round < Number(values.pulls); round++) {
      const started = Array.from({ length: together }, () => timed(pull));
      times.push(...(await Promise.all(started)));
    }
    rows.push(
      `| an embedding of ${(bytes / 1e6).toFixed(1)} MB by gRPC, ${together} at a time | ${median(times).toFixed(1)} ms | p99 ${percentile(times, 99).toFixed(1)} ms |`,
    );
  }
  client.close();
  return rows;
}

function question(settings: object, image?: string): string {
  const text = { type: "text", text: "What does this image show?" };
  const content =
    image === undefined ? [text] : [{ type: "image_url", image_url: { url: image } }, text];
  return JSON.stringify({ model: "stub", messages: [{ role: "user", content }], ...settings });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
