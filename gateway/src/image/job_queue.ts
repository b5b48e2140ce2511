/** Jobs that wait are each a request with a connection. */
const MAX_JOBS = 256;

/** Jobs that wait, in order, bounded by their number and by the bytes that they hold. */
export class JobQueue<Job extends { readonly bytes: number }> {
  readonly #maxBytes: number;
  readonly #jobs: Job[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** Whether there is room; always for the first, however large. */
  takes({ bytes }: Pick<Job, "bytes">): boolean {
    const { length } = this.#jobs;
    return length === 0 || (length < MAX_JOBS && this.#bytes + bytes <= this.#maxBytes);
  }

  push(job: Job): void {
    this.#jobs.push(job);
    this.#bytes += job.bytes;
  }

  /** The job that waits longest, which then waits no more. */
  shift(): Job | undefined {
    const job = this.#jobs.shift();
    this.#bytes -= job?.bytes ?? 0;
    return job;
  }

  /** Takes a job out, if it is still there. */
  delete(job: Job): void {
    const place = this.#jobs.indexOf(job);
    if (place < 0) return;
    this.#jobs.splice(place, 1);
    this.#bytes -= job.bytes;
  }

  /** Takes all out. */
  clear(): Job[] {
    this.#bytes = 0;
    return this.#jobs.splice(0);
  }
}
