import { useSyncExternalStore } from "hono/jsx/dom";
import { type ApiKey, apiKey } from "../api/api_key.ts";

/** The key at hand, for a component that is drawn again whenever it changes. */
export function useApiKey(): ApiKey {
  return useSyncExternalStore(apiKey.subscribe, apiKey.get);
}
