import { setTimeout as sleep } from "node:timers/promises";
import { FinishReason, Profile } from "@medv/proto/diffusion";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { expect } from "vitest";
import { z } from "zod";
import { askAbout } from "./ask_about.ts";
import type { Script, startScriptedGateway } from "./scripted_gateway.ts";

/** Where answers are asked for and taken up. */
export type Asked = Pick<Awaited<ReturnType<typeof startScriptedGateway>>, "app">;

/** An event as it came. */
export type Sent = { readonly id: string; readonly type: string; readonly data: string };

/** Says the pieces, each after a draft. */
export function say(
  pieces: readonly string[],
  { pauseMs = 1, draft = "" }: { readonly pauseMs?: number; readonly draft?: string } = {},
): Script {
  return async function* told() {
    yield {
      event: { case: "answerStart", value: { profile: Profile.EXACT, genLength: 8, seed: 1n } },
    };
    for (const text of pieces) {
      await sleep(pauseMs);
      const tokens = [{ position: 0, text: draft, confidence: 0.5, committed: false }];
      yield { event: { case: "blockDraft", value: { block: 0, tokens, forwardPasses: 1 } } };
      yield { event: { case: "textDelta", value: { text } } };
    }
    yield { event: { case: "answerEnd", value: { finishReason: FinishReason.STOP } } };
  };
}

/** Asks for an answer that goes on. */
export async function ask({ app }: Asked, changes: object = {}, headers = {}): Promise<Response> {
  return await app.request("/v1/answers", {
    method: "POST",
    headers,
    body: JSON.stringify(askAbout([], { on_disconnect: "continue", ...changes })),
  });
}

/** Reads up to `count` events, then breaks off. */
export async function read(response: Response, count = Infinity): Promise<Sent[]> {
  const events = (response.body ?? new ReadableStream<Uint8Array<ArrayBuffer>>())
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  const seen: Sent[] = [];
  for await (const { id = "", event: type = "", data } of events) {
    seen.push({ id, type, data });
    if (seen.length >= count) break;
  }
  return seen;
}

/** Goes on after the last of `seen`. */
export async function takeUp(
  { app }: Asked,
  seen: readonly Sent[],
  count?: number,
): Promise<Sent[]> {
  const last = seen.at(-1)?.id ?? "";
  const path = `/v1/answers/${last.split(".")[0]}`;
  const response = await app.request(path, { headers: { "last-event-id": last } });
  expect(response.status).toBe(200);
  return await read(response, count);
}

const delta = z.object({ text: z.string() });

/** The committed text. */
export function textOf(seen: readonly Sent[]): string {
  const deltas = seen.filter(({ type }) => type === "text-delta");
  return deltas.map(({ data }) => delta.parse(JSON.parse(data)).text).join("");
}
