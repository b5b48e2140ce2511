import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import type { LookupAddress } from "node:dns";

/** Where a request goes. */
export type Target = {
  readonly url: URL;
  /** The only addresses that are connected to. */
  readonly addresses: readonly LookupAddress[];
};

/** Opens a connection; `tls.connect`, but for what a test puts in its place. */
export type Connect = (options: ConnectionOptions) => TLSSocket;

/** Asks for `url` on a connection of its own; resolves when the answer's headers are there. */
export function openUrl(
  { url, addresses }: Target,
  connect: Connect,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const host = hostOf(url);
  const headers = { host: url.host, accept: "image/*", "accept-encoding": "identity" };
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      headers,
      signal,
      createConnection: () =>
        connect({
          host,
          port: Number(url.port === "" ? 443 : url.port),
          ...(isIP(host) === 0 && { servername: host }),
          lookup: pinned(addresses),
          ALPNProtocols: ["http/1.1"],
        }),
    });
    asked.once("response", resolve).once("error", reject).end();
  });
}

/** The host without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** A name is looked up once, by whoever checks it: another answer comes too late. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}
