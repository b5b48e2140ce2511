/** A comment of server-sent events, which says nothing to whoever reads them. */
const COMMENT = ": keep-alive\n\n";

/**
 * `frames`, with a comment wherever nothing came for a while, so that nobody between takes the connection for a dead one.
 *
 * @param intervalMs How long it may be silent.
 */
export async function* keepAlive(
  frames: AsyncGenerator<string, string>,
  intervalMs: number,
): AsyncGenerator<string, string> {
  let next: Promise<IteratorResult<string, string>> | undefined;
  try {
    for (;;) {
      next ??= frames.next();
      const result = await inTime(next, intervalMs);
      if (result === undefined) {
        yield COMMENT;
        continue;
      }
      next = undefined;
      if (result.done === true) return result.value;
      yield result.value;
    }
  } finally {
    await frames.return("");
  }
}

/** Undefined where it takes longer. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
