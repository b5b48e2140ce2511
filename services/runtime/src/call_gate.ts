import { DomainError } from "@medv/proto";
import type { CallContext } from "@medv/proto/grpc";

type Handler<Answer> = (request: unknown, context: CallContext) => Answer;
/** Which of the two an answer is depends on the method. */
type AnyHandler = Handler<Promise<unknown> & AsyncIterable<unknown>>;

/** Lets calls through to a service while it is open, and knows when the last of them has finished. */
export class CallGate {
  #handlers: Readonly<Record<string, AnyHandler>> | undefined;
  #refusal = "it is still loading the model";
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Lets calls through to these handlers from now on. */
  open(handlers: Readonly<Record<string, AnyHandler>>): void {
    this.#handlers = handlers;
  }

  /** Refuses new calls. */
  close(): void {
    this.#handlers = undefined;
    this.#refusal = "it is stopping";
  }

  /** Resolves as soon as no call is running. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A handler that stands in for the unary method `name`. */
  unary(name: string): Handler<Promise<unknown>> {
    return async (request, context) => {
      const handler = this.#enter(name);
      try {
        return await handler(request, context);
      } finally {
        this.#leave();
      }
    };
  }

  /** A handler that stands in for the streamed method `name`. */
  stream(name: string): Handler<AsyncIterable<unknown>> {
    const enter = (): AnyHandler => this.#enter(name);
    const leave = (): void => this.#leave();
    return async function* (request, context) {
      const handler = enter();
      try {
        yield* handler(request, context);
      } finally {
        leave();
      }
    };
  }

  #enter(name: string): AnyHandler {
    const handler = this.#handlers?.[name];
    if (handler === undefined) {
      throw new DomainError(
        "unavailable",
        `Cannot take the call as the service is not ready: ${this.#refusal}`,
        {
          hint: "try again in a few seconds",
        },
      );
    }
    this.#running += 1;
    return handler;
  }

  #leave(): void {
    this.#running -= 1;
    if (this.#running === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
