import { DomainError } from "@medv/proto";

/** An image that came with a question and of which other gateways have the pixels, by the SHA-256 of its bytes. */
export type SharedPixels = {
  readonly type: "pixels";
  readonly id: string;
  readonly digest: string;
};

/** An image that is here: bytes of the request, or an earlier upload; or pixels of a question that is asked again. */
export type ImageSource =
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  | SharedPixels
  | { readonly type: "id"; readonly id: string; readonly field: string };

/** Where an image of a conversation comes from: it is here, or has to be fetched. */
export type NamedImage =
  | ImageSource
  | { readonly type: "url"; readonly url: string; readonly field: string };

const DATA_URL_HEAD = /^data:(?:[a-z]+\/[a-z0-9.+-]+)?;base64,/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Reads an `image_url`: a base64 `data:` URL, `medv-image:<id>`, or a URL to fetch from.
 *
 * @param field Path of the URL in the request, for the error.
 * @param maxBytes Cap on the decoded bytes, applied before decoding.
 * @throws {DomainError} `invalid_request` or `image_too_large`.
 */
export function parseImageUrl(url: string, field: string, maxBytes: number): NamedImage {
  if (url.startsWith("medv-image:")) {
    return { type: "id", id: url.slice("medv-image:".length), field };
  }
  if (/^https?:/i.test(url)) return { type: "url", url, field };
  const head = DATA_URL_HEAD.exec(url.slice(0, 200))?.[0];
  if (head === undefined) {
    throw new DomainError(
      "invalid_request",
      "Cannot read the image URL as it must be data:<type>;base64,<bytes> or medv-image:<id>",
      { field },
    );
  }
  return { type: "bytes", bytes: decodeBase64(url.slice(head.length), field, maxBytes) };
}

function decodeBase64(text: string, field: string, maxBytes: number): Uint8Array {
  if (Math.floor((text.length * 3) / 4) - 2 > maxBytes) {
    throw new DomainError(
      "image_too_large",
      `Cannot take the image as it exceeds ${maxBytes} bytes`,
      {
        field,
      },
    );
  }
  // Buffer skips what is not base64, so that damage would go unseen.
  if (text.length === 0 || text.length % 4 !== 0 || !BASE64.test(text)) {
    throw new DomainError(
      "invalid_request",
      "Cannot decode the image URL as its base64 is invalid",
      {
        field,
      },
    );
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}
