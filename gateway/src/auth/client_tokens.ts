import { hkdfSync, randomUUID } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import { tokenError } from "./json_web_token.ts";

/** What a client token allows. */
export type ClientGrant = {
  readonly id: string;
  /** The one model that may be asked. */
  readonly model: string;
  /** How many different images may be sent. */
  readonly images: number;
  readonly expiresAt: Date;
};

/** What a new token allows, and whose it is. */
export type NewGrant = Pick<ClientGrant, "model" | "images"> & {
  readonly tenant: string;
  readonly minutes: number;
};

const TYPE = "medv-client+jwt";

const claimsSchema = z.object({
  jti: z.string(),
  exp: z.number(),
  tenant: z.string(),
  model: z.string(),
  images: z.number(),
});

/**
 * Short-lived tokens for programs that cannot keep a secret, such as apps on phones: signed by this gateway, and all that
 * they allow stands in them.
 */
export class ClientTokens {
  readonly #key: Uint8Array;

  /** @param secret At least 32 bytes; gateways with equal secrets take each other's tokens. */
  constructor(secret: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", "medv client token", 32));
  }

  async issue({ tenant, model, images, minutes }: NewGrant): Promise<{
    readonly token: string;
    readonly grant: ClientGrant;
  }> {
    const id = randomUUID();
    // The claim counts whole seconds.
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + minutes * 60) * 1000);
    const token = await new SignJWT({ tenant, model, images })
      .setProtectedHeader({ alg: "HS256", typ: TYPE })
      .setJti(id)
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { token, grant: { id, model, images, expiresAt } };
  }

  /**
   * What a token allows, and whose it is.
   *
   * @throws {DomainError} `invalid_api_key` or `expired_token`.
   */
  async read(token: string): Promise<{ readonly tenant: string; readonly grant: ClientGrant }> {
    const rules = { algorithms: ["HS256"], typ: TYPE };
    const { payload } = await jwtVerify(token, this.#key, rules).catch((error: unknown) => {
      throw tokenError(error);
    });
    const { jti: id, exp, tenant, model, images } = claimsSchema.parse(payload);
    return { tenant, grant: { id, model, images, expiresAt: new Date(exp * 1000) } };
  }
}

/** Whether a token says of itself that it is a client token. */
export function isClientToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === TYPE;
  } catch {
    return false; // Most tokens are keys, which have no header.
  }
}
