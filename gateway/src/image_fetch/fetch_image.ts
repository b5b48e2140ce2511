import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import type { IncomingMessage } from "node:http";
import { connect } from "node:tls";
import { DomainError } from "@medv/proto";
import { untilAborted } from "../until_aborted.ts";
import { type Connect, hostOf, openUrl } from "./open_url.ts";
import { isPublicAddress } from "./public_address.ts";

/**
 * Fetches the bytes of an image.
 *
 * @param field Of the request that named the URL.
 * @throws {DomainError} `unsupported_field` (nothing is fetched at all), `forbidden` (the URL leads where nothing is fetched
 * from), `invalid_request` (there is no image), `image_too_large`, `unavailable`; the signal's reason.
 */
export type FetchImage = (url: string, field: string, signal: AbortSignal) => Promise<Uint8Array>;

/** From where images are fetched, and how large one may be. */
export type FetchImageOptions = {
  /** As in a URL, with their ports where that is not 443. */
  readonly hosts: readonly string[];
  readonly maxBytes: number;
};

/** What a test puts in place of names, connections and patience; no setting reaches it. */
export type FetchImageParts = {
  readonly resolve: (host: string) => Promise<readonly LookupAddress[]>;
  readonly isAllowed: (address: string) => boolean;
  readonly connect: Connect;
  /** For everything: names, redirects and the last byte. */
  readonly timeoutMs: number;
};

const PARTS: FetchImageParts = {
  resolve: (host) => lookup(host, { all: true }),
  isAllowed: isPublicAddress,
  connect,
  timeoutMs: 15_000,
};

const INSTEAD =
  "send the image as a data: URL, or upload it with POST /v1/images and use medv-image:<id>";
const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Fetches nothing where no host is listed; else by https from those hosts only, and only where all addresses of a host are
 * public ones. Each redirect is checked like the first URL, and what is connected to is the very address that was checked.
 */
export function createFetchImage(
  { hosts, maxBytes }: FetchImageOptions,
  { resolve, isAllowed, connect: open, timeoutMs }: FetchImageParts = PARTS,
): FetchImage {
  if (hosts.length === 0) return fetchNothing;
  return async (text, field, caller) => {
    const signal = AbortSignal.any([caller, AbortSignal.timeout(timeoutMs)]);
    try {
      let url = checkedUrl(text, undefined, { hosts, field });
      for (let followed = 0; followed <= MAX_REDIRECTS; followed++) {
        // Names cannot be given up once they are asked for.
        const addresses = await untilAborted(resolve(hostOf(url)), signal);
        if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address))) {
          throw forbidden("its host leads to an address that is not public", field);
        }
        const response = await openUrl({ url, addresses }, open, signal);
        const { statusCode = 0, headers } = response;
        if (!REDIRECTS.has(statusCode)) return await bytesOf(response, { maxBytes, field });
        response.destroy();
        url = checkedUrl(headers.location ?? "", url, { hosts, field });
      }
      throw noImage(`there are more than ${MAX_REDIRECTS} redirects`, field);
    } catch (error) {
      caller.throwIfAborted();
      if (error instanceof DomainError) throw error;
      // What went wrong may quote the URL, in which there may be a name or a key.
      throw new DomainError("unavailable", "Cannot fetch the image as its server cannot be asked", {
        field,
        hint: "try again, or send the image as a data: URL",
      });
    }
  };
}

function checkedUrl(
  text: string,
  base: URL | undefined,
  { hosts, field }: { readonly hosts: readonly string[]; readonly field: string },
): URL {
  if (!URL.canParse(text, base?.href)) throw noImage("its URL cannot be read", field);
  const url = new URL(text, base);
  if (url.protocol !== "https:") throw forbidden("its URL must begin with https:", field);
  if (url.username !== "" || url.password !== "") {
    throw forbidden("its URL must not name a user", field);
  }
  if (!hosts.includes(url.host)) throw forbidden("its host is not on the operator's list", field);
  return url;
}

async function bytesOf(
  response: IncomingMessage,
  { maxBytes, field }: { readonly maxBytes: number; readonly field: string },
): Promise<Uint8Array> {
  const { statusCode, headers } = response;
  const isEncoded = (headers["content-encoding"] ?? "identity") !== "identity";
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    if (statusCode !== 200) throw noImage(`its server answered with status ${statusCode}`, field);
    if (isEncoded) throw noImage("its server compressed it without being asked to", field);
    if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes, field);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes, field);
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

const fetchNothing: FetchImage = (_url, field) =>
  Promise.reject(
    new DomainError("unsupported_field", "Cannot fetch the image as http URLs are not taken", {
      field,
      hint: INSTEAD,
    }),
  );

function forbidden(why: string, field: string): DomainError {
  return new DomainError("forbidden", `Cannot fetch the image as ${why}`, {
    field,
    hint: INSTEAD,
  });
}

function noImage(why: string, field: string): DomainError {
  return new DomainError("invalid_request", `Cannot fetch the image as ${why}`, { field });
}

function tooLarge(maxBytes: number, field: string): DomainError {
  return new DomainError(
    "image_too_large",
    `Cannot fetch the image as it exceeds ${maxBytes} bytes`,
    { field },
  );
}
