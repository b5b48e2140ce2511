import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DeletionReceipts } from "./deletion_receipts.ts";

const SECRET = "the secret of the gateways, 32 and more";
const { receipt, deletedAt } = await new DeletionReceipts(Buffer.from(SECRET)).issue({
  image: "img_1",
  tenant: "clinic-a",
  emptied: { sharedCache: false, visionReplicas: 1, diffusionReplicas: 2 },
});

function check(secret: string, ...given: readonly string[]) {
  const script = join(import.meta.dirname, "print_receipt.ts");
  const env = { ...process.env, MEDV_SECRET: secret };
  return spawnSync(process.execPath, [script, ...given], { env, encoding: "utf8" });
}

test("npm run receipt prints what a receipt says", () => {
  const { status, stdout } = check(SECRET, receipt);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    image: "img_1",
    tenant: "clinic-a",
    emptied: { memory: true, shared_cache: false, vision_replicas: 1, diffusion_replicas: 2 },
    deleted_at: deletedAt.toISOString(),
  });
});

test.each([
  { what: "another secret", secret: "x".repeat(32), given: [receipt], says: "does not fit" },
  { what: "no secret", secret: "", given: [receipt], says: "MEDV_SECRET must be set" },
  { what: "a short secret", secret: "short", given: [receipt], says: "at least 32 characters" },
  { what: "no receipt", secret: SECRET, given: [], says: "npm run receipt -- TOKEN" },
  {
    what: "half of a receipt",
    secret: SECRET,
    given: [receipt.slice(0, -20)],
    says: "Cannot take",
  },
])("npm run receipt ends with 1 and says why with $what", ({ secret, given, says }) => {
  const { status, stdout, stderr } = check(secret, ...given);
  expect(stderr).toContain(says);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
});
