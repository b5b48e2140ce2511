/** Where the bench asks, for which model; and as whom, where the gateway wants to know. */
export type Asked = { readonly url: string; readonly model: string; readonly key?: string };

/** The body of a question, about an image where there is one. */
export function question(model: string, settings: object, image?: string): string {
  const text = { type: "text", text: "What does this image show?" };
  const content =
    image === undefined ? [text] : [{ type: "image_url", image_url: { url: image } }, text];
  return JSON.stringify({ model, messages: [{ role: "user", content }], ...settings });
}

/** Sends an image; gives its id. */
export async function upload(url: string, bytes: Uint8Array): Promise<string> {
  const body = new Uint8Array(bytes);
  const response = await fetch(`${url}/v1/images`, { method: "POST", body });
  const answer = (await response.json()) as { readonly id: string };
  if (response.status !== 201) throw new Error(`Cannot upload: ${response.status}`);
  return answer.id;
}

/** A turn of one token about an image. */
export async function askShortly({ url, model, key }: Asked, image: string): Promise<void> {
  const body = question(model, { max_tokens: 1 }, image);
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Cannot ask: ${response.status} ${text}`);
}

/** How long it takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
