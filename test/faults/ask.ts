import sharp from "sharp";

/** What became of a question, as its caller sees it; times in milliseconds. */
export type Outcome = {
  /**
   * `whole`: the answer came to its end; `refused`: an HTTP error; `failed`: the stream said why it ends; `cut`: the
   * connection ended without a word.
   */
  readonly type: "whole" | "refused" | "failed" | "cut";
  /** What was committed. */
  readonly text: string;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
  readonly ms: number;
  /** Whether it had begun to be uncovered. */
  readonly hasDraft: boolean;
  /** Of an answer that can be taken up again. */
  readonly lastEventId: string | undefined;
  /** Of all events that have one. */
  readonly ids: readonly string[];
};

export type Question = {
  /** As a data URL or by its id. */
  readonly image?: string | undefined;
  readonly idempotencyKey?: string;
  readonly genLength?: number;
  readonly seed?: number;
  /** Whether the answer goes on when its reader goes away. */
  readonly goesOn?: boolean;
  readonly signal?: AbortSignal;
  /** Told of each event's name as it comes. */
  readonly onEvent?: (name: string) => void;
};

/** Asks the native route and reads the stream to its end. */
export async function ask(url: string, question: Question = {}): Promise<Outcome> {
  const init = {
    method: "POST",
    // As a load balancer that takes a replica out of its rotation does: no connection is used again.
    headers: {
      "content-type": "application/json",
      connection: "close",
      ...(question.idempotencyKey !== undefined && { "idempotency-key": question.idempotencyKey }),
    },
    body: JSON.stringify(bodyOf(question)),
    signal: question.signal ?? null,
  };
  return await readAnswer(() => fetch(`${url}/v1/answers`, init), question.onEvent);
}

/** Takes up an answer behind the last event that came of it. */
export async function follow(url: string, lastEventId: string): Promise<Outcome> {
  const [id = ""] = lastEventId.split(".");
  const headers = { "last-event-id": lastEventId, connection: "close" };
  return await readAnswer(() => fetch(`${url}/v1/answers/${id}`, { headers }));
}

async function readAnswer(
  request: () => Promise<Response>,
  onEvent?: (name: string) => void,
): Promise<Outcome> {
  const startedAt = performance.now();
  const seen = {
    text: "",
    status: undefined as number | undefined,
    hasDraft: false,
    lastEventId: undefined as string | undefined,
    ids: [] as string[],
  };
  let hasEnded = false;
  const outcome = (type: Outcome["type"], more: Partial<Outcome> = {}): Outcome => ({
    ...seen,
    type,
    code: undefined,
    retryAfter: undefined,
    ms: performance.now() - startedAt,
    ...more,
  });
  try {
    const response = await request();
    seen.status = response.status;
    if (!response.ok || response.body === null) {
      const { code } = (await response.json()) as { code: string };
      const retryAfter = response.headers.get("retry-after") ?? undefined;
      return outcome("refused", { code, retryAfter });
    }
    for await (const { name, data, id } of framesOf(response.body)) {
      if (name === "block-draft") seen.hasDraft = true;
      if (name === "text-delta") seen.text += String(data["text"]);
      seen.lastEventId = id;
      if (id !== undefined) seen.ids.push(id);
      onEvent?.(name);
      if (name === "error") return outcome("failed", { code: String(data["code"]) });
      // Read on: who leaves before the stream's own end counts as gone at the gateway.
      hasEnded ||= name === "answer-end";
    }
  } catch {
    // What ended before its connection broke is whole.
  }
  return outcome(hasEnded ? "whole" : "cut");
}

/** A small picture of one colour, another one for each shade, as a data URL. */
export async function drawImage(shade: number): Promise<string> {
  const background = { r: shade % 256, g: (shade * 7) % 256, b: 90 + Math.floor(shade / 256) };
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

/** How often each kind of outcome came, and why those failed that did. */
export function tally(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type, status, code } of outcomes) {
    const key = type === "whole" ? type : [type, status, code].join(" ");
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function bodyOf({ image, genLength = 16, seed = 7, goesOn = false }: Question): object {
  const picture = image === undefined ? [] : [{ type: "image_url", image_url: { url: image } }];
  return {
    model: "llada-medv-phantom",
    messages: [
      { role: "user", content: [...picture, { type: "text", text: "What does this image show?" }] },
    ],
    seed,
    on_disconnect: goesOn ? "continue" : "cancel",
    diffusion: { gen_length: genLength, block_length: 8, min_tokens: genLength },
  };
}

type Frame = {
  readonly name: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
};

async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  let rest = "";
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + part).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const name = /^event: (.+)$/m.exec(frame)?.[1] ?? "";
      const data = /^data: (.+)$/m.exec(frame)?.[1] ?? "{}";
      const id = /^id: (.+)$/m.exec(frame)?.[1];
      yield { name, id, data: JSON.parse(data) as Frame["data"] };
    }
  }
}
