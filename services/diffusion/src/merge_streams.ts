/**
 * The items of several streams as they come; the streams go on side by side.
 *
 * @throws What one of them throws, after the others have come to their next item and are closed.
 */
export async function* mergeStreams<T>(streams: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pending = new Map(streams.map((stream) => [stream, nextOf(stream)]));
  try {
    while (pending.size > 0) {
      const { stream, item } = await Promise.race(pending.values());
      pending.delete(stream);
      if (item.done === true) continue;
      // Behind the others, so that a stream which is always ready does not hold them back.
      pending.set(stream, nextOf(stream));
      yield item.value;
    }
  } finally {
    // What those that are closed would still throw is the end that was asked for.
    await Promise.allSettled(streams.map((stream) => stream.return(undefined)));
  }
}

async function nextOf<T>(stream: AsyncGenerator<T>) {
  return { stream, item: await stream.next() };
}
