import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** A replica, and the name that its certificate must have, where it has one. */
export type Replica = { readonly address: string; readonly serverName: string | undefined };

/**
 * Every replica behind an address, by now.
 *
 * @param addresses `host:port`, where the name may stand for several; or several `ip:port` between commas.
 *
 * @throws {Error} If the name cannot be resolved.
 */
export async function replicasOf(addresses: string): Promise<readonly Replica[]> {
  const listed = addresses.split(",").map((address) => {
    const colon = address.lastIndexOf(":");
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
    return { host, port: address.slice(colon + 1) };
  });
  const resolved = await Promise.all(
    listed.map(async ({ host, port }) => {
      const found = await lookup(host, { all: true });
      return found.map(({ address, family }) => ({
        address: family === 6 ? `[${address}]:${port}` : `${address}:${port}`,
        serverName: isIP(host) === 0 ? host : undefined,
      }));
    }),
  );
  return resolved.flat();
}
