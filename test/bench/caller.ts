import { drawPhantom } from "@medv/phantoms/draw_phantom";
import { encodePng } from "@medv/phantoms/encode_png";
import { isPhantom } from "@medv/phantoms/is_phantom";
import { z } from "zod";

/** Who asks a running gateway. */
export type Caller = {
  readonly url: string;
  readonly model: string;
  /** API key, where the gateway wants one. */
  readonly key?: string;
};

export type Answered = {
  /** Milliseconds until text came that will not change any more. */
  readonly firstTextMs: number;
  readonly totalMs: number;
  readonly usage: z.output<typeof usageSchema>;
};

const usageSchema = z.object({
  prompt_tokens: z.number(),
  details: z.object({ forward_passes: z.number(), decode_ms: z.number() }),
});

/**
 * Asks for a description as any client does.
 *
 * @param image Its id.
 * @param diffusion Settings of the decoder.
 */
export async function ask(
  { url, model, key }: Caller,
  image: string,
  diffusion: Readonly<Record<string, string | number>>,
): Promise<Answered> {
  const startedAt = performance.now();
  const response = await fetch(`${url}/v1/answers`, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorization(key) },
    body: JSON.stringify({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: `medv-image:${image}` } },
            { type: "text", text: "Describe this image in detail." },
          ],
        },
      ],
      diffusion,
    }),
  });
  let text = "";
  let firstTextMs: number | undefined;
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.includes("event: text-delta")) firstTextMs ??= performance.now() - startedAt;
  }
  const totalMs = performance.now() - startedAt;
  const end = /event: answer-end\n(?:id: .*\n)?data: (.*)\n/u.exec(text)?.[1];
  if (firstTextMs === undefined || end === undefined) {
    throw new Error(`Cannot measure the answer as it has no text or no end: ${text.slice(-300)}`);
  }
  const { usage } = z.object({ usage: usageSchema }).parse(JSON.parse(end));
  return { firstTextMs, totalMs, usage };
}

/** Uploads an image; returns its id. */
export async function upload({ url, key }: Caller, bytes: Uint8Array): Promise<string> {
  const response = await fetch(`${url}/v1/images`, {
    method: "POST",
    headers: authorization(key),
    body: new Uint8Array(bytes),
  });
  const body: unknown = await response.json();
  if (!response.ok || typeof body !== "object" || body === null || !("id" in body)) {
    throw new Error(`Cannot upload the image: ${JSON.stringify(body)}`);
  }
  return String(body.id);
}

/** Drawn images, each another one. */
export async function* drawnImages(seed: number): AsyncGenerator<Buffer, never> {
  for (let index = 0; ; index++) {
    if (isPhantom(index)) yield await encodePng(drawPhantom("validation", seed, index).image);
  }
}

function authorization(key: string | undefined): { readonly authorization?: string } {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
