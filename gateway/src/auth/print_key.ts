import { createApiKey, entryOf, TENANT } from "./api_key.ts";

const [tenant, ...rest] = process.argv.slice(2);
if (tenant === undefined || rest.length > 0 || !TENANT.test(tenant)) {
  process.stderr.write(
    `Cannot make a key as a tenant's name is needed, of a-z, 0-9, ".", "_" and "-": npm run key -- TENANT\n`,
  );
  process.exitCode = 1;
} else {
  const key = createApiKey();
  process.stdout.write(
    `${key}\n\nFor the caller; it is shown only now. For MEDV_API_KEYS or a line of MEDV_API_KEYS_FILE:\n\n${entryOf(tenant, key)}\n`,
  );
}
