import type { Caller } from "../caller.ts";
import { question } from "./question.ts";

/** A turn of one token about an image. */
export async function askShortly({ url, model, key }: Caller, image: string): Promise<void> {
  const body = question(model, { max_tokens: 1 }, image);
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Cannot ask: ${response.status} ${text}`);
}
