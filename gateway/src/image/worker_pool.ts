import { DomainError, type DomainCode } from "@medv/proto";
import { Worker } from "node:worker_threads";

/** What a worker answers to a job. */
export type WorkerReply<Result> =
  | { readonly type: "done"; readonly result: Result }
  | {
      readonly type: "failed";
      readonly code: DomainCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly cause: unknown;
    };

/** What a worker is sent: a job, or the request to leave. */
export type WorkerRequest<Job> =
  | { readonly type: "job"; readonly job: Job }
  | { readonly type: "close" };

/**
 * A few worker threads that do one job each at a time; more jobs wait in a queue.
 *
 * Threads are started when there is work for them, so that one that cannot start fails its job instead of being started
 * again and again.
 */
export class WorkerPool<Job, Result> {
  readonly #url: URL;
  readonly #maxWorkers: number;
  readonly #slots = new Set<Slot<Job, Result>>();
  readonly #waiting: Task<Job, Result>[] = [];
  #closed = false;

  /**
   * @param url Module of the worker, which answers each `WorkerRequest` of type "job" by one `WorkerReply`.
   * @param workers Threads at most.
   * @throws {RangeError} If `workers` is not a positive integer.
   */
  constructor(url: URL, workers: number) {
    if (!Number.isSafeInteger(workers) || workers < 1) {
      throw new RangeError(
        `Cannot create a worker pool as workers must be an integer >= 1: it is ${workers}`,
      );
    }
    this.#url = url;
    this.#maxWorkers = workers;
  }

  /**
   * Does a job in the next free thread.
   *
   * @param job Copied to the thread.
   * @param signal Rejects at once with its reason. A waiting job is dropped; one in hand is finished by its thread and
   * the result thrown away, since native code cannot be stopped.
   * @throws {DomainError} What the worker answered; `internal` if it died; `unavailable` if the pool is closed.
   */
  async run(job: Job, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const task: Task<Job, Result> = { job, resolve, reject };
    const abort = () => {
      const place = this.#waiting.indexOf(task);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(task);
    this.#dispatch();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Refuses the jobs that wait, lets those in hand finish, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.splice(0)) task.reject(closedError());
    await Promise.all(
      [...this.#slots].map(async (slot) => {
        if (slot.task === undefined) leave(slot.worker);
        await slot.exit;
      }),
    );
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#freeSlot();
      const task = slot === undefined ? undefined : this.#waiting.shift();
      if (slot === undefined || task === undefined) return;
      slot.task = task;
      slot.worker.postMessage({ type: "job", job: task.job } satisfies WorkerRequest<Job>, []);
    }
  }

  #freeSlot(): Slot<Job, Result> | undefined {
    for (const slot of this.#slots) if (slot.task === undefined) return slot;
    return this.#slots.size < this.#maxWorkers ? this.#startWorker() : undefined;
  }

  #startWorker(): Slot<Job, Result> {
    const worker = new Worker(this.#url);
    let crash: unknown;
    const exit = Promise.withResolvers<void>();
    const slot: Slot<Job, Result> = { worker, exit: exit.promise, task: undefined };
    worker.on("message", (reply: WorkerReply<Result>) => {
      const task = slot.task;
      slot.task = undefined;
      if (task !== undefined) settle(task, reply);
      if (this.#closed) leave(worker);
      else this.#dispatch();
    });
    worker.on("error", (error) => {
      crash = error;
    });
    worker.on("exit", (exitCode) => {
      this.#slots.delete(slot);
      slot.task?.reject(
        new DomainError(
          "internal",
          `Cannot finish the job as its worker thread must live: it left with code ${exitCode}`,
          { cause: crash, hint: "Try again" },
        ),
      );
      exit.resolve();
      this.#dispatch();
    });
    this.#slots.add(slot);
    return slot;
  }
}

type Task<Job, Result> = {
  readonly job: Job;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

type Slot<Job, Result> = {
  readonly worker: Worker;
  /** Settles when the thread is gone. */
  readonly exit: Promise<void>;
  /** The job in hand. */
  task: Task<Job, Result> | undefined;
};

function settle<Result>(task: Task<unknown, Result>, reply: WorkerReply<Result>): void {
  switch (reply.type) {
    case "done":
      return task.resolve(reply.result);
    case "failed": {
      const { code, message, hint, cause } = reply;
      return task.reject(
        new DomainError(code, message, { cause, ...(hint === undefined ? {} : { hint }) }),
      );
    }
    default:
      return reply satisfies never;
  }
}

/** Asks instead of terminating: ending a thread inside native code may end the process. */
function leave(worker: Worker): void {
  worker.postMessage({ type: "close" } satisfies WorkerRequest<never>, []);
}

function closedError(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot take the job as the pool must be open: it is closed",
    {
      hint: "Try again later",
    },
  );
}
