import { expect, test } from "vitest";
import { ClientTokens } from "./auth/client_tokens.ts";
import { DeletionReceipts, ForeignReceiptError } from "./deletion_receipts.ts";

const SECRET = new Uint8Array(32).fill(3);
const DELETION = {
  image: `img_${"0".repeat(32)}`,
  tenant: "clinic-a",
  emptied: { sharedCache: true, visionReplicas: 1, diffusionReplicas: 2 },
};
const receipts = new DeletionReceipts(SECRET);

test("read() gives what issue() was told, with the time that the caller was told", async () => {
  const { receipt, deletedAt } = await receipts.issue(DELETION);
  expect(await new DeletionReceipts(SECRET).read(receipt)).toEqual({
    iat: deletedAt.getTime() / 1000,
    image: DELETION.image,
    tenant: "clinic-a",
    emptied: { memory: true, shared_cache: true, vision_replicas: 1, diffusion_replicas: 2 },
  });
});

/** The receipt with another image in it. */
function changed(receipt: string): string {
  const [head = "", claims = "", signature = ""] = receipt.split(".");
  const text = Buffer.from(claims, "base64url").toString();
  const other = text.replace(DELETION.image, `img_${"1".repeat(32)}`);
  return `${head}.${Buffer.from(other).toString("base64url")}.${signature}`;
}

/** Its claims under the algorithm that signs nothing. */
function unsigned(receipt: string): string {
  const head = Buffer.from('{"alg":"none","typ":"medv-deletion+jwt"}').toString("base64url");
  return `${head}.${receipt.split(".")[1]}.`;
}

const SIGNATURE = /signature does not fit: it was changed, or signed with another MEDV_SECRET/;

test.each([
  {
    what: "one that was changed",
    says: SIGNATURE,
    forge: async () => changed((await receipts.issue(DELETION)).receipt),
  },
  {
    what: "one that another secret signed",
    says: SIGNATURE,
    forge: async () => (await new DeletionReceipts(new Uint8Array(32)).issue(DELETION)).receipt,
  },
  {
    what: "a client token of the same secret",
    says: SIGNATURE,
    forge: async () => {
      const grant = { tenant: "clinic-a", model: "phantom", images: 1, minutes: 1 };
      return (await new ClientTokens(SECRET).issue(grant)).token;
    },
  },
  {
    what: "one that nobody signed",
    says: /as it is none/,
    forge: async () => unsigned((await receipts.issue(DELETION)).receipt),
  },
  { what: "other text", says: /as it is none/, forge: () => Promise.resolve(DELETION.image) },
])("read() refuses $what, and says why", async ({ says, forge }) => {
  const refused = receipts.read(await forge());
  await expect(refused).rejects.toBeInstanceOf(ForeignReceiptError);
  await expect(refused).rejects.toThrow(says);
});
