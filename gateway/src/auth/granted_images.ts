import { LRUCache } from "lru-cache";
import type { CountTogether } from "../limits/count_together.ts";
import type { ClientGrant } from "./client_tokens.ts";
import { tooManyImages } from "./grant_rules.ts";

/** Counts the images that come under client tokens. */
export type GrantedImages = {
  /**
   * Notes that an image was sent; the same again is no other one.
   *
   * @param digest SHA-256 of its bytes.
   * @throws {DomainError} `forbidden` once there are more than the grant allows.
   */
  take(grant: ClientGrant, digest: string): Promise<void>;
};

/** Tokens whose images are remembered at the same time. */
const MAX_GRANTS = 100_000;

/** A count that holds for all gateways that count together. */
export function grantedImages(count: CountTogether): GrantedImages {
  const seen = new LRUCache<string, Set<string>>({ max: MAX_GRANTS });
  return {
    async take(grant, digest) {
      const ttlMs = Math.max(1, grant.expiresAt.getTime() - Date.now());
      const rule = { limit: grant.images, ttlMs };
      // Ids of tokens are unique among all tenants.
      const name = { tenantScope: "", key: `grant/${grant.id}` };
      const admitted = await count(
        (counts) => counts.admit(name, digest, rule),
        () => Promise.resolve(admitAlone(seen, grant, { digest, ttlMs })),
      );
      if (!admitted) throw tooManyImages(grant);
    },
  };
}

function admitAlone(
  seen: LRUCache<string, Set<string>>,
  { id, images }: ClientGrant,
  { digest, ttlMs }: { readonly digest: string; readonly ttlMs: number },
): boolean {
  const digests = seen.get(id) ?? new Set<string>();
  if (!digests.has(digest) && digests.size >= images) return false;
  digests.add(digest);
  seen.set(id, digests, { ttl: ttlMs });
  return true;
}
