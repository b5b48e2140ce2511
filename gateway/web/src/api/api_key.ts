import { createStore } from "../store.ts";
import type { Problem } from "./problem.ts";

/** The key that requests carry, and whether the gateway wants another. */
export type ApiKey = {
  readonly key: string | undefined;
  /** How often one was entered: whoever was refused waits for the next. */
  readonly entered: number;
  /** False where the browser refused to keep it, so that it lasts as long as the page. */
  readonly isKept: boolean;
  /** What the gateway said of the last request; undefined while it has what it wants. */
  readonly refusal: Problem | undefined;
};

/** Name in the browser's local storage, which other tabs of the page read too. */
const NAME = "llada-medv-api-key";

export const apiKey = createStore<ApiKey>({ ...stored(), entered: 0, refusal: undefined });

/** Takes the key that a person enters, for every request from now on. */
export function enterKey(key: string): void {
  apiKey.set(({ entered }) => ({
    key,
    entered: entered + 1,
    isKept: keep(key),
    refusal: undefined,
  }));
}

/** Forgets the key, here and in the browser. */
export function forgetKey(): void {
  keep(undefined);
  apiKey.set((state) => ({ ...state, key: undefined }));
}

/** Follows what other tabs of this browser enter and forget. */
export function shareKey(): void {
  addEventListener("storage", (event) => {
    if (event.key !== NAME) return;
    const { entered } = apiKey.get();
    const key = event.newValue ?? undefined;
    apiKey.set((state) => ({
      ...state,
      key,
      ...(key !== undefined && { entered: entered + 1, isKept: true, refusal: undefined }),
    }));
  });
}

/**
 * Resolves when a key was entered after the one that was refused.
 *
 * @param refusal What the gateway said.
 * @param seen How often a key had been entered when it was asked.
 * @throws The signal's reason.
 */
export async function nextKey(
  refusal: Problem,
  seen: number,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (apiKey.get().entered > seen) return;
  apiKey.set((state) => ({ ...state, refusal }));
  await new Promise<void>((resolve, reject) => {
    const stop = apiKey.subscribe(() => {
      if (apiKey.get().entered === seen) return;
      stop();
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      stop();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function stored(): { readonly key: string | undefined; readonly isKept: boolean } {
  try {
    return { key: localStorage.getItem(NAME) ?? undefined, isKept: true };
  } catch {
    // The browser lets this page keep nothing.
    return { key: undefined, isKept: false };
  }
}

function keep(key: string | undefined): boolean {
  try {
    if (key === undefined) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, key);
    return true;
  } catch {
    // As above, or there is no room.
    return false;
  }
}
