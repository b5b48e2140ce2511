import { DomainError } from "@medv/proto";

/**
 * The whole body, counted while it arrives, so that no more than `maxBytes` are ever held.
 *
 * @throws {DomainError} `body_too_large`.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null) {
    // Throwing out of the loop cancels the stream.
    for await (const chunk of request.body) {
      length += chunk.byteLength;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/**
 * The body as JSON.
 *
 * @throws {DomainError} `body_too_large`; `invalid_request` if it is not UTF-8 JSON.
 */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const bytes = await readBody(request, maxBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The parser's message quotes the body, which may hold a prompt.
    throw new DomainError("invalid_request", "Cannot read the body as it must be JSON in UTF-8");
  }
}

function tooLarge(maxBytes: number): DomainError {
  return new DomainError(
    "body_too_large",
    `Cannot take the body as it must not exceed ${maxBytes} bytes`,
    { hint: "send a smaller image, or upload each with POST /v1/images" },
  );
}
