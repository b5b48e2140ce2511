import { DomainError } from "@medv/proto";

/** How much of a packed body is unpacked at a time; deflate grows at most 1032-fold, so that this becomes 4 MiB at most. */
const SLICE_BYTES = 4096;

/**
 * The whole body, unpacked where it comes with `Content-Encoding: gzip`, and counted while it arrives, so that no more
 * than `maxBytes` are ever held.
 *
 * @throws {DomainError} `body_too_large`; `invalid_request` if it cannot be unpacked.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null) {
    // Throwing out of the loop cancels the stream.
    for await (const chunk of unpacked(request.body, request.headers)) {
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

/** The body as it was before the caller packed it. */
function unpacked(body: Body, headers: Headers): AsyncIterable<Uint8Array, unknown, undefined> {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return body;
  if (encoding === "gzip") return gunzip(body);
  throw new DomainError(
    "invalid_request",
    "Cannot read the body as it must be packed with gzip, or not at all",
    { field: "Content-Encoding" },
  );
}

async function* gunzip(body: Body): AsyncGenerator<Uint8Array> {
  const source: Source = { body };
  try {
    yield* ReadableStream.from(slices(source)).pipeThrough(new DecompressionStream("gzip"));
  } catch (cause) {
    if (source.failure !== undefined) throw source.failure.error;
    throw new DomainError("invalid_request", "Cannot read the body as it is no whole gzip", {
      field: "Content-Encoding",
      cause,
    });
  }
}

type Body = ReadableStream<Uint8Array<ArrayBuffer>>;

/** A packed body, and what broke it off: that is not the packing's fault. */
type Source = { readonly body: Body; failure?: { readonly error: unknown } };

async function* slices(source: Source): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of source.body) {
      for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
        yield chunk.subarray(start, start + SLICE_BYTES);
      }
    }
  } catch (error) {
    source.failure = { error };
    throw error;
  }
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
