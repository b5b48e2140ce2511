import { DomainError } from "@medv/proto";
import { LRUCache } from "lru-cache";
import type { ClientGrant } from "./client_tokens.ts";

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

/** A count that holds for this process. */
export function grantedImages(): GrantedImages {
  const seen = new LRUCache<string, Set<string>>({ max: MAX_GRANTS });
  return {
    take(grant, digest) {
      const ttl = Math.max(1, grant.expiresAt.getTime() - Date.now());
      const digests = seen.get(grant.id) ?? new Set<string>();
      if (!digests.has(digest) && digests.size >= grant.images) {
        return Promise.reject(tooMany(grant));
      }
      digests.add(digest);
      seen.set(grant.id, digests, { ttl });
      return Promise.resolve();
    },
  };
}

function tooMany({ images }: ClientGrant): DomainError {
  return new DomainError(
    "forbidden",
    `Cannot take the image as the client token allows ${images} of them`,
    { hint: "get a new token" },
  );
}
