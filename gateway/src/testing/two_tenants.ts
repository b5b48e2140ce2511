import { type ApiKeys, createApiKey, entryOf, parseApiKeys } from "../auth/api_key.ts";

/** A key of each of the tenants "a" and "b", and what a gateway knows of them. */
export function twoTenants(): {
  readonly key: { readonly a: string; readonly b: string };
  readonly apiKeys: ApiKeys;
} {
  const key = { a: createApiKey(), b: createApiKey() };
  return { key, apiKeys: parseApiKeys(`${entryOf("a", key.a)},${entryOf("b", key.b)}`) };
}
