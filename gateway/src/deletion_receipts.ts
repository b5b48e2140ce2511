import { hkdfSync } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";

/** What let go of an image, besides the memory of the gateway that was asked. */
export type Emptied = {
  /** False where none is configured. */
  readonly sharedCache: boolean;
  /** How many confirmed it; none of a service that was never given anything of the image. */
  readonly visionReplicas: number;
  readonly diffusionReplicas: number;
};

/** A deletion that every place confirmed. */
export type Deletion = {
  readonly image: string;
  /** The operator's name for it. Its scope would tell others how digests of its images are made. */
  readonly tenant: string;
  readonly emptied: Emptied;
};

/** What a receipt says, as it stands in it. */
export type ReceiptClaims = Readonly<z.output<typeof claimsSchema>>;

/** A receipt that no gateway with this secret has given. */
export class ForeignReceiptError extends Error {
  override readonly name = "ForeignReceiptError";
}

const TYPE = "medv-deletion+jwt";

const claimsSchema = z.object({
  iat: z.int(),
  image: z.string(),
  tenant: z.string(),
  emptied: z.object({
    memory: z.literal(true),
    shared_cache: z.boolean(),
    vision_replicas: z.int(),
    diffusion_replicas: z.int(),
  }),
});

/**
 * Receipts for images that were deleted: signed by this gateway, kept nowhere, and good for as long as its secret is.
 */
export class DeletionReceipts {
  readonly #key: Uint8Array;

  /** @param secret At least 32 bytes; gateways with equal secrets know each other's receipts. */
  constructor(secret: Uint8Array) {
    this.#key = new Uint8Array(hkdfSync("sha256", secret, "", "medv deletion receipt", 32));
  }

  /** A receipt for what has just been confirmed. */
  async issue({ image, tenant, emptied }: Deletion): Promise<{
    readonly receipt: string;
    readonly deletedAt: Date;
  }> {
    // The claim counts whole seconds.
    const deletedAt = new Date(Math.floor(Date.now() / 1000) * 1000);
    const { sharedCache, visionReplicas, diffusionReplicas } = emptied;
    const places = {
      memory: true,
      shared_cache: sharedCache,
      vision_replicas: visionReplicas,
      diffusion_replicas: diffusionReplicas,
    };
    const receipt = await new SignJWT({ image, tenant, emptied: places })
      .setProtectedHeader({ alg: "HS256", typ: TYPE })
      .setIssuedAt(deletedAt)
      .sign(this.#key);
    return { receipt, deletedAt };
  }

  /**
   * What a receipt says.
   *
   * @throws {ForeignReceiptError} That says why it is not one of ours.
   */
  async read(receipt: string): Promise<ReceiptClaims> {
    const rules = { algorithms: ["HS256"], typ: TYPE };
    const { payload } = await jwtVerify(receipt, this.#key, rules).catch((cause: unknown) => {
      throw new ForeignReceiptError(
        cause instanceof errors.JWSSignatureVerificationFailed
          ? "Cannot take the receipt as its signature does not fit: it was changed, or signed with another MEDV_SECRET"
          : "Cannot take the receipt as it is none: it must be the whole text of `receipt`, as the gateway gave it",
        { cause },
      );
    });
    return claimsSchema.parse(payload);
  }
}
