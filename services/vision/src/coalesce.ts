type Flight<V> = {
  readonly result: Promise<V>;
  readonly controller: AbortController;
  waiting: number;
};

/**
 * Lets callers that want the same thing at the same time share the work for it.
 *
 * A caller whose signal aborts stops waiting; the work is aborted only when nobody waits for it any more.
 */
export class Coalescer<V> {
  readonly #flights = new Map<string, Flight<V>>();

  /**
   * @param work Started unless work for `key` is under way.
   * @returns The work's result, and whether this caller shared another's work.
   */
  async run(
    key: string,
    work: (signal: AbortSignal) => Promise<V>,
    signal: AbortSignal,
  ): Promise<{ readonly value: V; readonly shared: boolean }> {
    signal.throwIfAborted();
    const joined = this.#flights.get(key);
    const flight = joined ?? this.#start(key, work);
    flight.waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      const value = await Promise.race([flight.result, aborted]);
      return { value, shared: joined !== undefined };
    } finally {
      signal.removeEventListener("abort", abort);
      flight.waiting -= 1;
      if (flight.waiting === 0 && this.#flights.get(key) === flight) {
        // Forgotten at once, so that the next caller does not join work that is being given up.
        this.#flights.delete(key);
        flight.controller.abort(signal.reason);
      }
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<V>): Flight<V> {
    const controller = new AbortController();
    const result = work(controller.signal).finally(() => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    const flight: Flight<V> = { result, controller, waiting: 0 };
    // Everybody may have stopped waiting by the time that it fails.
    result.catch(() => {});
    this.#flights.set(key, flight);
    return flight;
  }
}
