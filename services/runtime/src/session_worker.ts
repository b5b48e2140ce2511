import { Worker } from "node:worker_threads";
import { DomainError } from "@medv/proto";
import type { SessionOptions, SessionReply, SessionRequest } from "./session_message.ts";
import type { NamedTensors } from "./tensor_data.ts";

/** How a session is started. */
export type SessionWorkerOptions = SessionOptions & {
  /** Told when the session's thread ends without having been asked to. */
  readonly onExit?: (error: DomainError) => void;
};

type ExitHook = SessionWorkerOptions["onExit"];

type Job = {
  readonly feeds: NamedTensors;
  readonly signal: AbortSignal;
  resolve(outputs: NamedTensors): void;
  reject(reason: unknown): void;
};

/**
 * An ONNX Runtime session in a thread of its own, as a run blocks the thread that starts it.
 *
 * Runs wait for each other; a run that has started cannot be interrupted, so it is the grain of cancellation.
 */
export class SessionWorker {
  readonly #worker: Worker;
  readonly #onExit: ExitHook;
  readonly #queue: Job[] = [];
  readonly #exited = Promise.withResolvers<void>();
  #running: Job | undefined;
  #closing = false;
  #lost: DomainError | undefined;

  private constructor(worker: Worker, onExit: ExitHook) {
    this.#worker = worker;
    this.#onExit = onExit;
    worker.on("message", (reply: SessionReply) => this.#onReply(reply));
    worker.on("error", (error: unknown) => this.#onLost(error));
    worker.on("exit", () => {
      if (!this.#closing || this.#running !== undefined) this.#onLost(undefined);
      this.#exited.resolve();
    });
  }

  /**
   * Loads a graph in a new thread.
   *
   * @throws {Error} With ONNX Runtime's words, if the graph or its weights cannot be loaded.
   */
  static async start({ onExit, ...options }: SessionWorkerOptions): Promise<SessionWorker> {
    // ONNX Runtime would report its use to its makers. It looks into the environment of the process, which a thread has
    // only a copy of.
    process.env["ORT_DISABLE_TELEMETRY"] = "1";
    const worker = new Worker(new URL("./session_thread.ts", import.meta.url), {
      workerData: options,
    });
    await started(worker);
    return new SessionWorker(worker, onExit);
  }

  /**
   * Runs the graph once, after the runs that were asked for before. The feeds are copied.
   *
   * @param signal Aborted: a run that waits is dropped, one under way ends unheard; the caller gets the reason at once.
   * @throws {DomainError} `unavailable` after {@link release}, `internal` when the run fails or the thread dies.
   */
  run(feeds: NamedTensors, signal: AbortSignal): Promise<NamedTensors> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#closing) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        const place = this.#queue.indexOf(job);
        if (place >= 0) this.#queue.splice(place, 1);
        reject(signal.reason);
      };
      const job: Job = {
        feeds,
        signal,
        resolve: (outputs) => {
          signal.removeEventListener("abort", abort);
          resolve(outputs);
        },
        reject: (reason) => {
          signal.removeEventListener("abort", abort);
          reject(reason);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#queue.push(job);
      this.#next();
    });
  }

  /**
   * Lets the run under way end, refuses those that wait, frees the session and ends the thread. Never call
   * `process.exit` before this has resolved: ending a thread during a run aborts the whole process.
   */
  async release(): Promise<void> {
    if (!this.#closing && this.#lost === undefined) {
      this.#closing = true;
      for (const job of this.#queue.splice(0)) job.reject(closed());
      if (this.#running === undefined) this.#post({ type: "release" });
    }
    await this.#exited.promise;
  }

  #next(): void {
    if (this.#running !== undefined) return;
    const job = this.#queue.shift();
    if (job === undefined) {
      if (this.#closing) this.#post({ type: "release" });
      return;
    }
    try {
      this.#post({ type: "run", feeds: copied(job.feeds) });
      this.#running = job;
    } catch (error) {
      // Feeds that cannot be sent, such as a detached buffer, must not block the runs behind them.
      job.reject(error);
      this.#next();
    }
  }

  #post(request: SessionRequest): void {
    const tensors = request.type === "run" ? Object.values(request.feeds) : [];
    this.#worker.postMessage(
      request,
      tensors.map(({ data }) => data.buffer).filter((buffer) => buffer instanceof ArrayBuffer),
    );
  }

  #onReply(reply: SessionReply): void {
    const job = this.#running;
    if (reply.type === "run-end") job?.resolve(reply.outputs);
    else if (reply.type === "run-error") job?.reject(runError(reply.message));
    else return;
    this.#running = undefined;
    this.#next();
  }

  #onLost(cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = new DomainError("internal", "Cannot run the graph as its thread has ended", {
      cause,
    });
    const pending = [this.#running, ...this.#queue.splice(0)];
    this.#running = undefined;
    for (const job of pending) job?.reject(this.#lost);
    this.#onExit?.(this.#lost);
  }
}

function started(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", (code) =>
      reject(new Error(`Cannot load the graph as its thread ended with code ${code}`)),
    );
    worker.once("message", (reply: SessionReply) => {
      worker.removeListener("error", reject);
      if (reply.type === "load-error")
        reject(new Error(`Cannot load the graph as ONNX Runtime refuses it: ${reply.message}`));
      else resolve();
    });
  });
}

/** Copies of exactly the bytes that count: a clone would take along the whole buffer that a view lies in. */
function copied(feeds: NamedTensors): NamedTensors {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
      name,
      // A Buffer's slice() shares its memory, which must not be handed over.
      { dtype, shape, data: data instanceof Uint8Array ? new Uint8Array(data) : data.slice() },
    ]),
  );
}

/** ONNX Runtime's own words may name files: they are for the log, not for the caller. */
function runError(message: string): DomainError {
  return new DomainError("internal", "Cannot run the graph as ONNX Runtime failed", {
    cause: new Error(message),
  });
}

function closed(): DomainError {
  return new DomainError("unavailable", "Cannot run the graph as the service is stopping", {
    hint: "try again in a few seconds",
  });
}
