import { DomainError, type DomainCode } from "@medv/proto";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { JobQueue } from "./job_queue.ts";

/** What a process says: once that it is ready, then one reply to each job. */
export type ProcessReply<Result> =
  | { readonly type: "ready" }
  | { readonly type: "done"; readonly result: Result }
  | {
      readonly type: "failed";
      readonly code: DomainCode;
      readonly message: string;
      readonly field: string | undefined;
      readonly hint: string | undefined;
    };

export type ProcessPoolOptions = {
  /** Module of the process, which answers each message (a job) by one `ProcessReply`. */
  readonly module: URL;
  /** How many are kept warm, which is also how many jobs are done at the same time. */
  readonly processes: number;
  /** Bound on what one process may reserve, kept by the kernel; about 600 MB of it are the runtime's own. */
  readonly memoryBytes: number;
  /** Time for one job, after which its process is killed. */
  readonly timeoutMs: number;
  /** Bound on what the jobs that wait hold; one that finds no room is refused. */
  readonly queueBytes: number;
};

/** Jobs after which a process is replaced, so that what its libraries leak stays small. */
const JOBS_PER_PROCESS = 256;
/** Weight of the newest job in the running mean of their times. */
const NEWEST = 0.2;

/**
 * A few warm processes that do one job each at a time; more jobs wait in a queue. A job may crash its process, fill its
 * memory or never end: it is refused, another process takes the place, and the jobs beside it go on.
 *
 * The processes have an empty environment, and their output goes nowhere.
 */
export class ProcessPool<Job extends object, Result> {
  readonly #options: ProcessPoolOptions;
  readonly #slots = new Set<Slot<Job, Result>>();
  readonly #waiting: JobQueue<Task<Job, Result>>;
  #closed = false;
  #jobMs: number | undefined;
  #losses = 0;

  /** @throws {RangeError} If a number of the options is not a positive integer. */
  constructor(options: ProcessPoolOptions) {
    for (const name of ["processes", "memoryBytes", "timeoutMs", "queueBytes"] as const) {
      if (!Number.isSafeInteger(options[name]) || options[name] < 1) {
        throw new RangeError(
          `Cannot create a process pool as ${name} must be an integer >= 1: it is ${options[name]}`,
        );
      }
    }
    this.#options = options;
    this.#waiting = new JobQueue(options.queueBytes);
    this.#fill();
  }

  /**
   * Does a job in the next free process.
   *
   * @param job Copied to the process.
   * @param bytes What it holds while it waits.
   * @param signal Rejects at once with its reason; a job in hand is ended with its process.
   * @throws {DomainError} What the process answered; `undecodable_image` if it died, was too slow or wanted too much
   * memory; `overloaded` if too much waits; `internal` if it does not start; `unavailable` if the pool is closed.
   */
  async run(job: Job, bytes: number, signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError();
    if (!this.#waiting.takes({ bytes })) throw this.#fullError();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const task: Task<Job, Result> = { job, bytes, resolve, reject };
    const abort = () => {
      this.#waiting.delete(task);
      reject(signal.reason);
      for (const slot of this.#slots) if (slot.task === task) slot.child.kill("SIGKILL");
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(task);
    this.#fill();
    this.#dispatch();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Processes that ended in the middle of a job: crashed, too slow, or over their memory. */
  get losses(): number {
    return this.#losses;
  }

  /** Refuses the jobs that wait, lets those in hand finish, and ends the processes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const task of this.#waiting.clear()) task.reject(closedError());
    await Promise.all(
      [...this.#slots].map(async (slot) => {
        if (slot.task === undefined) slot.child.kill("SIGKILL");
        await slot.ended.promise;
      }),
    );
  }

  #fill(): void {
    while (!this.#closed && this.#slots.size < this.#options.processes) this.#start();
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!slot.isReady || slot.task !== undefined) continue;
      const task = this.#waiting.shift();
      if (task === undefined) return;
      const { timeoutMs } = this.#options;
      slot.task = task;
      slot.jobs++;
      slot.startedAt = performance.now();
      slot.timer = setTimeout(() => {
        task.reject(lostError(`they take longer than ${timeoutMs} ms`));
        slot.child.kill("SIGKILL");
      }, timeoutMs);
      slot.child.send(task.job);
    }
  }

  #start(): void {
    const child = startProcess(this.#options);
    const slot: Slot<Job, Result> = {
      child,
      ended: Promise.withResolvers<void>(),
      isReady: false,
      jobs: 0,
      startedAt: 0,
      task: undefined,
      timer: undefined,
    };
    this.#slots.add(slot);
    child.on("message", (reply: ProcessReply<Result>) => this.#take(slot, reply));
    child.on("exit", () => this.#lose(slot));
    // Where the process cannot be started there is no "exit".
    child.on("error", () => this.#lose(slot));
  }

  #take(slot: Slot<Job, Result>, reply: ProcessReply<Result>): void {
    const { task } = slot;
    clearTimeout(slot.timer);
    slot.task = undefined;
    slot.isReady = true;
    if (task !== undefined && reply.type !== "ready") {
      this.#learn(performance.now() - slot.startedAt);
      settle(task, reply);
    }
    if (this.#closed || slot.jobs >= JOBS_PER_PROCESS) {
      slot.isReady = false;
      slot.child.kill("SIGKILL");
    } else this.#dispatch();
  }

  #learn(ms: number): void {
    this.#jobMs ??= ms;
    this.#jobMs += NEWEST * (ms - this.#jobMs);
  }

  #fullError(): DomainError {
    const { processes, timeoutMs } = this.#options;
    const aheadMs = (this.#waiting.length * (this.#jobMs ?? timeoutMs)) / processes;
    const retryAfterSeconds = Math.max(1, Math.ceil(aheadMs / 1000));
    const hint = `try again in ${retryAfterSeconds} s`;
    return new DomainError(
      "overloaded",
      `Cannot decode the image as ${this.#waiting.length} wait already`,
      { hint, retryAfterSeconds },
    );
  }

  #lose(slot: Slot<Job, Result>): void {
    if (!this.#slots.delete(slot)) return;
    clearTimeout(slot.timer);
    if (slot.task !== undefined) this.#losses += 1;
    slot.task?.reject(lostError("they crash it or need more memory than it may have"));
    slot.ended.resolve();
    if (slot.jobs > 0 || slot.isReady) return this.#fill();
    // One that cannot start is tried again only for a job that waits, and each failure uses one up.
    this.#waiting.shift()?.reject(startError());
    if (this.#waiting.length > 0) this.#fill();
  }
}

type Task<Job, Result> = {
  readonly job: Job;
  readonly bytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
};

type Slot<Job, Result> = {
  readonly child: ChildProcess;
  readonly ended: PromiseWithResolvers<void>;
  isReady: boolean;
  /** How many it was given. */
  jobs: number;
  /** When it was given the last. */
  startedAt: number;
  /** The job in hand. */
  task: Task<Job, Result> | undefined;
  timer: NodeJS.Timeout | undefined;
};

/**
 * The shell sets the limit for itself, then becomes the process: a limit in the kernel, with nothing to install. A core
 * dump, which would hold the image, is not written.
 */
function startProcess({ module, memoryBytes }: ProcessPoolOptions): ChildProcess {
  const limit = `ulimit -c 0 && ulimit -d ${Math.ceil(memoryBytes / 1024)} && exec "$0" "$@"`;
  const run = "Deno" in globalThis ? ["run", "-A"] : [];
  return spawn("/bin/sh", ["-c", limit, process.execPath, ...run, fileURLToPath(module)], {
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
}

function settle<Result>(
  task: Task<unknown, Result>,
  reply: Exclude<ProcessReply<Result>, { type: "ready" }>,
): void {
  switch (reply.type) {
    case "done":
      return task.resolve(reply.result);
    case "failed": {
      const { code, message, field, hint } = reply;
      return task.reject(
        new DomainError(code, message, {
          ...(field !== undefined && { field }),
          ...(hint !== undefined && { hint }),
        }),
      );
    }
    default:
      return reply satisfies never;
  }
}

function lostError(state: string): DomainError {
  return new DomainError(
    "undecodable_image",
    `Cannot decode the image as its bytes must suit the decoder: ${state}`,
    { hint: "Save the image again with another program, or convert it to PNG" },
  );
}

function startError(): DomainError {
  return new DomainError(
    "internal",
    "Cannot decode the image as its process must start: it ended at once",
  );
}

function closedError(): DomainError {
  return new DomainError(
    "unavailable",
    "Cannot take the job as the pool must be open: it is closed",
    { hint: "Try again later" },
  );
}
