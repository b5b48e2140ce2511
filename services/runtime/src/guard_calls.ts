import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import { DomainError } from "@medv/proto";
import type { CallOptions, Client } from "@medv/proto/grpc";
import { isUnheard } from "@medv/proto/status";
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from "cockatiel";

/** Told when calls are no longer made, and when they are again. */
export type BreakerHook = (isOpen: boolean) => void;

type Call = (request: unknown, options: CallOptions) => Promise<unknown> & AsyncIterable<unknown>;
type Run = <T>(call: () => Promise<T>) => Promise<T>;

const FAILURES = 5;
const REST_MS = 2_000;

/**
 * A client that stops asking a service of which nothing is heard: after five calls in a row that could not reach it or had
 * no answer in time, calls fail at once, until one every two seconds finds it again. What the service itself answers, an
 * error included, shows that it is there.
 *
 * A streamed call counts until its first message.
 */
export function guardCalls<T extends GenServiceMethods>(
  service: GenService<T>,
  client: Client<T>,
  onChange: BreakerHook,
): Client<T> {
  const run = breaker(service.typeName, onChange);
  // The calls of the descriptor, under names that are known only at run time.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const unguarded = client as unknown as Readonly<Record<string, Call>>;
  const guarded = service.methods.map(({ localName, methodKind }) => [
    localName,
    (...args: Parameters<Call>) =>
      methodKind === "unary"
        ? run(async () => await unguarded[localName]?.(...args))
        : guardStream(run, () => unguarded[localName]?.(...args)),
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...client, ...Object.fromEntries(guarded) } as Client<T>;
}

async function* guardStream(
  run: Run,
  call: () => AsyncIterable<unknown> | undefined,
): AsyncGenerator {
  const items = call()?.[Symbol.asyncIterator]();
  if (items === undefined) return;
  try {
    let item = await run(() => items.next());
    while (item.done !== true) {
      yield item.value;
      item = await items.next();
    }
  } finally {
    await items.return?.();
  }
}

function breaker(typeName: string, onChange: BreakerHook): Run {
  const policy = circuitBreaker(handleWhen(isUnheard), {
    halfOpenAfter: REST_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  });
  policy.onStateChange((state) => {
    if (state === CircuitState.Open) onChange(true);
    if (state === CircuitState.Closed) onChange(false);
  });
  return async (call) => {
    // The policy would let everybody wait for the one call that tries, which may last as long as its deadline.
    if (policy.state === CircuitState.HalfOpen) throw resting(typeName);
    try {
      return await policy.execute(call);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? resting(typeName) : error;
    }
  };
}

function resting(typeName: string): DomainError {
  return new DomainError(
    "unavailable",
    `Cannot call ${typeName} as nothing was heard of it ${FAILURES} times in a row`,
    { hint: "try again in a few seconds", retryAfterSeconds: REST_MS / 1000 },
  );
}
