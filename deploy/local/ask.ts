import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

/** A token of a block as the stream shows it. */
type DraftToken = { readonly text: string; readonly committed: boolean };

/** The members of the stream's events that the terminal shows. */
type AnswerEvent = {
  readonly type: string;
  readonly text?: string;
  readonly block?: number;
  readonly tokens?: readonly DraftToken[];
  readonly detail?: string;
  readonly hint?: string;
  readonly notice?: string;
  readonly usage?: {
    readonly details: { readonly image_cache: string; readonly forward_passes: number };
  };
};

// What the process needs besides its arguments: a secret does not belong on a command line.
const KEY = process.env["MEDV_API_KEY"] ?? "";

const USAGE =
  'npm run ask -- image.png "question" [--profile exact|prefix] [--length 64] [--url http://127.0.0.1:8080]';

const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";
try {
  await ask(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function ask(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      profile: { type: "string" },
      length: { type: "string" },
      url: { type: "string", default: "http://127.0.0.1:8080" },
    },
  });
  const [path, question, ...rest] = positionals;
  if (path === undefined || question === undefined || rest.length > 0) {
    throw new Error(`Cannot ask as an image and a question are needed: ${USAGE}`);
  }
  const length = values.length === undefined ? undefined : Number(values.length);
  const image = await readImage(path);
  const url = values.url.replace(/\/$/, "");

  const uploaded = await request(`${url}/v1/images`, { method: "POST", body: image });
  const id = member(await uploaded.json(), "id");
  const models = await request(`${url}/v1/models`, {});
  const model = member(member(member(await models.json(), "data"), "0"), "id");
  const response = await request(`${url}/v1/answers`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: `medv-image:${String(id)}` } },
            { type: "text", text: question },
          ],
        },
      ],
      diffusion: { profile: values.profile, gen_length: length },
    }),
  });
  await show(response);
}

async function readImage(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new Error(`Cannot read the image as the file cannot be opened: "${path}"`, {
      cause: error,
    });
  }
}

async function request(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (KEY !== "") headers.set("authorization", `Bearer ${KEY}`);
  const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
    throw new Error(
      `Cannot reach ${url} as no gateway answers there: start it with \`npm start\``,
      {
        cause: error,
      },
    );
  });
  if (response.ok) return response;
  throw problem(await response.json().catch(() => undefined), response.status);
}

/** Prints the answer as it comes: text that stands at once, on a terminal also what may still change. */
async function show(response: Response): Promise<void> {
  const { stdout, stderr } = process;
  const isTerminal = stdout.isTTY;
  let committed = "";
  let shown = "";
  const drafts = new Map<number, string>();
  const redraw = (text: string): void => {
    stdout.write(`${erase(shown, stdout.columns || 80)}${text}`);
    shown = plain(text);
  };
  for await (const event of events(response)) {
    if (event.type === "text-delta") {
      committed += event.text ?? "";
      if (!isTerminal) stdout.write(event.text ?? "");
    } else if (event.type === "block-draft" && isTerminal) {
      drafts.set(event.block ?? 0, draft(event.tokens ?? []));
      redraw([...drafts.values()].join(""));
    } else if (event.type === "answer-end") {
      // What a stop string cut off was in the drafts, and is not in the answer.
      if (isTerminal) redraw(committed);
      stdout.write("\n");
      const { image_cache: cache, forward_passes: passes } = event.usage?.details ?? {};
      stderr.write(`${event.notice ?? ""} (${passes} forward passes, image cache ${cache})\n`);
    } else if (event.type === "error") {
      stdout.write("\n");
      throw problem(event, response.status);
    }
  }
}

function draft(tokens: readonly DraftToken[]): string {
  return tokens.map(({ text, committed }) => (committed ? text : `${DIM}${text}${PLAIN}`)).join("");
}

/** Brings the cursor back to where `text` began and clears what follows. */
function erase(text: string, columns: number): string {
  const rows = text
    .split("\n")
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  return rows > 1 ? `\u001b[${rows - 1}A\r\u001b[J` : "\r\u001b[J";
}

function plain(text: string): string {
  return text.replaceAll(DIM, "").replaceAll(PLAIN, "");
}

/** The JSON of every `data:` line. */
async function* events(response: Response): AsyncGenerator<AnswerEvent> {
  if (response.body === null) return;
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      // The gateway's own events; a foreign server's would show as missing text.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      if (line.startsWith("data: ")) yield JSON.parse(line.slice(6)) as AnswerEvent;
    }
  }
}

function problem(body: unknown, status: number): Error {
  const detail = string(member(body, "detail")) ?? string(member(member(body, "error"), "message"));
  const hint = string(member(body, "hint"));
  const text = detail ?? `Cannot ask as the gateway refused: status ${status}`;
  return new Error(hint === undefined ? text : `${text} (${hint})`);
}

function string(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
