import { DomainError } from "@medv/proto";
import { readBody } from "./read_body.ts";

/** Room for the boundaries and headers around the file. */
const MULTIPART_OVERHEAD_BYTES = 64 << 10;

/**
 * The file of an upload: that of a multipart body, or the body itself; nothing where the image is named by its id.
 *
 * @throws {DomainError} `invalid_request`, `body_too_large`, `image_too_large`.
 */
export async function readImage(
  request: Request,
  { from, maxImageBytes }: { readonly from: string | undefined; readonly maxImageBytes: number },
): Promise<Uint8Array> {
  const type = request.headers.get("content-type") ?? "";
  const sent = type.startsWith("multipart/form-data")
    ? await readFile(request, type, maxImageBytes)
    : await readBody(request, maxImageBytes);
  checkSource(sent, from);
  return sent;
}

function checkSource(sent: Uint8Array, from: string | undefined): void {
  if (from === undefined && sent.length === 0) {
    throw new DomainError(
      "invalid_request",
      "Cannot take the image as it must have bytes: it is empty",
      { field: "file" },
    );
  }
  if (from !== undefined && sent.length > 0) {
    throw new DomainError(
      "invalid_request",
      "Cannot take the image as it is either sent or named by its id: it is both",
      { field: "from" },
    );
  }
}

async function readFile(
  request: Request,
  type: string,
  maxImageBytes: number,
): Promise<Uint8Array> {
  const body = await readBody(request, maxImageBytes + MULTIPART_OVERHEAD_BYTES);
  const form = await parseForm(body, type);
  const file = form.get("file");
  if (!(file instanceof File) || [...form.keys()].length !== 1) {
    throw new DomainError(
      "invalid_request",
      'Cannot take the image as the form must have one field, "file", with the file',
      { field: "file" },
    );
  }
  if (file.size > maxImageBytes) {
    throw new DomainError(
      "image_too_large",
      `Cannot take the image as it exceeds ${maxImageBytes} bytes`,
      {
        field: "file",
      },
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function parseForm(body: Uint8Array, type: string): Promise<FormData> {
  try {
    return await new Response(body, {
      headers: { "content-type": type },
    }).formData();
  } catch {
    // The parser's message quotes the body.
    throw new DomainError(
      "invalid_request",
      "Cannot read the body as it must be multipart/form-data",
    );
  }
}
