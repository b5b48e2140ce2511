import { Worker } from "node:worker_threads";
import { DomainError } from "@medv/proto";
import type { SessionOptions, SessionReply, SessionRequest } from "./session_message.ts";
import type { NamedTensors } from "./tensor_data.ts";

/** How a session is started. */
export type SessionWorkerOptions = SessionOptions & {
  /** Told when the thread dies by itself; every run then fails, so the process should end. */
  readonly onExit?: (error: DomainError) => void;
};

type Job = {
  readonly feeds: NamedTensors;
  readonly signal: AbortSignal;
  readonly resolve: (outputs: NamedTensors) => void;
  readonly reject: (reason: unknown) => void;
};

/** An ONNX Runtime session in a thread of its own; runs follow one another in the order of their calls. */
export class SessionWorker {
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  readonly #queue: Job[] = [];
  readonly #loaded = Promise.withResolvers<void>();
  readonly #onExit: ((error: DomainError) => void) | undefined;
  #running: Job | undefined;
  #death: DomainError | undefined;
  #released: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  private constructor(options: SessionWorkerOptions) {
    const { onExit, ...workerData } = options;
    this.#onExit = onExit;
    this.#thread = new Worker(new URL("./session_thread.ts", import.meta.url), { workerData });
    this.#thread.on("message", (reply: SessionReply) => this.#take(reply));
    this.#thread.on("error", (error) => this.#die(error));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    this.#thread.on("exit", () => {
      if (this.#released === undefined) this.#die(undefined);
      resolve();
    });
  }

  /**
   * Loads the graph.
   *
   * @throws {Error} If ONNX Runtime refuses the graph, its weights or the device.
   */
  static async start(options: SessionWorkerOptions): Promise<SessionWorker> {
    const worker = new SessionWorker(options);
    await worker.#loaded.promise;
    return worker;
  }

  /**
   * Runs the graph once.
   *
   * A run cannot be interrupted: a signal drops it while it waits, and afterwards only spares the caller its end.
   *
   * @param feeds Copied when the run starts: leave them unchanged until the promise settles.
   * @throws {DomainError} `internal` if the run fails or the thread has died, `unavailable` after {@link release}.
   */
  async run(feeds: NamedTensors, signal: AbortSignal): Promise<NamedTensors> {
    signal.throwIfAborted();
    if (this.#death !== undefined) throw this.#death;
    if (this.#released !== undefined) throw released();
    const { promise, resolve, reject } = Promise.withResolvers<NamedTensors>();
    const job: Job = { feeds, signal, resolve, reject };
    const abort = (): void => {
      const place = this.#queue.indexOf(job);
      if (place >= 0) this.#queue.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#queue.push(job);
    this.#next();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Refuses the runs that wait, lets the one under way end, frees the session and ends the thread. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    for (const job of this.#queue.splice(0)) job.reject(released());
    if (this.#running !== undefined) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    // terminate() during a run would end the whole process, so the thread is asked to leave by itself.
    if (this.#death === undefined) this.#post({ type: "release" });
    await this.#ended;
  }

  #next(): void {
    if (this.#running !== undefined || this.#death !== undefined) return;
    this.#running = this.#queue.shift();
    if (this.#running === undefined) return;
    try {
      this.#post({ type: "run", feeds: this.#running.feeds });
    } catch (error) {
      // Feeds that cannot be copied, such as a detached buffer, are this run's trouble alone.
      this.#finish()?.reject(error);
    }
  }

  #take(reply: SessionReply): void {
    switch (reply.type) {
      case "loaded":
        this.#loaded.resolve();
        return;
      case "load-error":
        this.#loaded.reject(
          new Error(`Cannot load the graph as ONNX Runtime refuses it: ${reply.message}`),
        );
        return;
      case "run-end":
        this.#finish()?.resolve(reply.outputs);
        return;
      case "run-error":
        this.#finish()?.reject(
          new DomainError("internal", "Cannot run the model as ONNX Runtime reports an error", {
            cause: new Error(reply.message),
          }),
        );
        return;
      default:
        reply satisfies never;
    }
  }

  #finish(): Job | undefined {
    const job = this.#running;
    this.#running = undefined;
    this.#idle?.();
    this.#next();
    return job;
  }

  #die(cause: unknown): void {
    if (this.#death !== undefined) return;
    this.#death = new DomainError("internal", "Cannot run the model as its thread has ended", {
      cause,
    });
    this.#loaded.reject(this.#death);
    for (const job of this.#queue.splice(0)) job.reject(this.#death);
    this.#finish()?.reject(this.#death);
    this.#onExit?.(this.#death);
  }

  #post(request: SessionRequest): void {
    this.#thread.postMessage(request);
  }
}

function released(): DomainError {
  return new DomainError("unavailable", "Cannot run the model as the service is stopping", {
    hint: "try again in a few seconds",
  });
}
