import { readSettings } from "@medv/runtime/setting";
import { ACCESS_SETTINGS, secretOf } from "./auth/access_settings.ts";
import { DeletionReceipts } from "./deletion_receipts.ts";

// `npm run receipt -- TOKEN`: says what the receipt of a deletion holds, or why it is not ours.
const [receipt, ...rest] = process.argv.slice(2);
try {
  if (receipt === undefined || rest.length > 0) {
    throw new RangeError("Cannot check a receipt as there must be one: npm run receipt -- TOKEN");
  }
  const secret = secretOf(readSettings({ secret: ACCESS_SETTINGS.secret }, process.env));
  if (secret === undefined) {
    throw new RangeError(
      "Cannot check the receipt as MEDV_SECRET must be set to what the gateway has",
    );
  }
  const { iat, ...claims } = await new DeletionReceipts(secret).read(receipt);
  const said = { ...claims, deleted_at: new Date(iat * 1000).toISOString() };
  process.stdout.write(`${JSON.stringify(said, null, 2)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
