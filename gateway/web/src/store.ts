/** A value that is replaced as a whole, and who wants to know. */
export type Store<T> = {
  readonly get: () => T;
  /** Replaces the value by what `change` makes of it. */
  readonly set: (change: (value: T) => T) => void;
  /** @returns A function that ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
};

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (change) => {
      value = change(value);
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
