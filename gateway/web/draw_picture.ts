// Entry of `npm run picture`: asks a running gateway and draws how the answer came about.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { build } from "vite";
import type { AnswerEvent } from "../src/answer_event.ts";
import type * as Picture from "./src/fog/picture.tsx";

const SAMPLE = join(import.meta.dirname, "samples/chest_xray.png");

try {
  await draw();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function draw(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:8080" },
      image: { type: "string", default: SAMPLE },
      question: { type: "string", default: "What does this image show?" },
      profile: { type: "string" },
      length: { type: "string", default: "32" },
      still: { type: "string", default: "gateway/web/pictures/answer.svg" },
      moving: { type: "string", default: "gateway/web/pictures/answer_moving.svg" },
    },
  });
  const { url, question, profile } = values;
  const events = await ask(url, await readFile(values.image), {
    question,
    ...(profile !== undefined && { profile }),
    length: Number(values.length),
  });
  const { stillPicture, movingPicture } = await loadPicture();
  await writeFile(values.still, stillPicture(events, { question, moments: 4 }));
  await writeFile(values.moving, movingPicture(events, { question, moments: 16 }));
  process.stdout.write(`${values.still}\n${values.moving}\n`);
}

/** The events of a whole answer. */
async function ask(
  url: string,
  image: Uint8Array<ArrayBuffer>,
  asked: { readonly question: string; readonly profile?: string; readonly length: number },
): Promise<readonly AnswerEvent[]> {
  const upload = await call(`${url}/v1/images`, { method: "POST", body: image });
  const models = await call(`${url}/v1/models`, {});
  // The gateway's own answers, here and in the next line.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { id } = (await upload.json()) as { readonly id: string };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { data } = (await models.json()) as { readonly data: readonly [{ readonly id: string }] };
  const content = [
    { type: "image_url", image_url: { url: `medv-image:${id}` } },
    { type: "text", text: asked.question },
  ];
  const response = await call(`${url}/v1/answers`, {
    method: "POST",
    body: JSON.stringify({
      model: data[0].id,
      messages: [{ role: "user", content }],
      diffusion: { gen_length: asked.length, profile: asked.profile },
    }),
  });
  const events: AnswerEvent[] = [];
  const frames = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const frame of frames ?? []) {
    if (frame.event === "error") throw new Error(`Cannot draw as the answer failed: ${frame.data}`);
    // The gateway's own events, by its own type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    events.push(JSON.parse(frame.data) as AnswerEvent);
  }
  return events;
}

async function call(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = process.env["MEDV_API_KEY"] ?? "";
  if (key !== "") headers.set("authorization", `Bearer ${key}`);
  const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
    throw new Error(`Cannot reach ${url} as no gateway answers there: start it with npm start`, {
      cause: error,
    });
  });
  if (response.ok) return response;
  throw new Error(`Cannot draw as the gateway refused: ${await response.text()}`);
}

/** The page's own component, made to write text. */
async function loadPicture(): Promise<typeof Picture> {
  const folder = await mkdtemp(join(tmpdir(), "medv-picture-"));
  try {
    await build({
      configFile: join(import.meta.dirname, "vite.config.ts"),
      logLevel: "warn",
      publicDir: false,
      build: { ssr: "src/fog/picture.tsx", outDir: folder, emptyOutDir: false },
      ssr: { noExternal: true },
    });
    // Built a moment ago from the module of this type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return (await import(pathToFileURL(join(folder, "picture.js")).href)) as typeof Picture;
  } finally {
    await rm(folder, { recursive: true });
  }
}
