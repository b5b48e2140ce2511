import { copiesOf, type DecoderRow, positionsOf, type RowResult } from "./decoder_row.ts";

/** Who asks for a run. */
export type RunCaller = {
  /** Callers of one scope share what is fair. */
  readonly tenantScope: string;
  /** `batch` runs where `interactive` leaves room. */
  readonly priority: "interactive" | "batch";
};

/** Told about a row's run, in milliseconds. */
export type RunWatch = {
  /** How long the row stood in line. */
  readonly waited: (waitedMs: number) => void;
  /** The row's share of the run, which all its rows share alike. */
  readonly ran: (shareMs: number) => void;
};

/** For whom nobody keeps count. */
export const UNWATCHED: RunWatch = { waited: () => undefined, ran: () => undefined };

/** Runs several answers' rows as one batch, each result in its row's place. */
export type RunBatch = (rows: readonly DecoderRow[]) => Promise<readonly RowResult[]>;

/** What bounds one run. */
export type BatchLimits = {
  /** Answers in one run. */
  readonly maxRows: number;
  /** Whether so many rows, each padded to so many positions, fit into the memory that a run may take. */
  readonly fits: (rows: number, positions: number) => boolean;
  /** How many times as long a run of `more` takes as one of `rows`. */
  readonly costRatio: (more: readonly DecoderRow[], rows: readonly DecoderRow[]) => number;
};

type Waiting = {
  readonly row: DecoderRow;
  readonly caller: RunCaller;
  readonly since: number;
  readonly outcome: PromiseWithResolvers<RowResult>;
  readonly watch: RunWatch;
};

/** After so long a `batch` row counts as interactive, so that it is not passed over for ever. */
const PATIENCE_MS = 5_000;
/** For so long after its last run a tenant is expected to ask again: who asks one question after another. */
const PRESENCE_MS = 500;
/** How far a tenant's further rows may prolong a run in which others have rows, or soon will. */
const PROLONGED = 1.2;

/**
 * Continuous batching: one run at a time, of whatever rows wait when it starts. An answer asks again for its next run,
 * so answers join and leave at every run, whatever their block, step, length and settings.
 *
 * Who comes first: interactive before batch, then the tenant that has had the least, then who has waited longest. While
 * several tenants ask, each has one row in a run, and more only as far as that hardly prolongs it for the others: none
 * where a run takes as long as it has rows, all where there is room for them anyway.
 */
export class RunBatcher {
  readonly #runBatch: RunBatch;
  readonly #limits: BatchLimits;
  readonly #waiting: Waiting[] = [];
  /** Positions fed for each tenant that waits or has just run: its virtual time. */
  readonly #served = new Map<string, number>();
  /** When each tenant last asked, or had its run. */
  readonly #seenAt = new Map<string, number>();
  #running = false;

  constructor(runBatch: RunBatch, limits: BatchLimits) {
    this.#runBatch = runBatch;
    this.#limits = limits;
  }

  /**
   * Runs a row as soon as it is its turn.
   *
   * @throws The signal's reason; the row is dropped, or its result goes unheard where the run has started.
   */
  async run(
    row: DecoderRow,
    caller: RunCaller,
    signal: AbortSignal,
    watch: RunWatch,
  ): Promise<RowResult> {
    signal.throwIfAborted();
    this.#meet(caller.tenantScope);
    this.#seenAt.set(caller.tenantScope, performance.now());
    const outcome = Promise.withResolvers<RowResult>();
    const waiting = { row, caller, since: performance.now(), outcome, watch };
    const abort = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place >= 0) this.#waiting.splice(place, 1);
      outcome.reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.push(waiting);
    void this.#runAll();
    try {
      return await outcome.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Rows in line. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** A tenant that comes anew starts level with the least served, so that it neither waits for its past nor rules. */
  #meet(tenant: string): void {
    if (this.#waiting.some(({ caller }) => caller.tenantScope === tenant)) return;
    const others = this.#waiting.map(({ caller }) => this.#served.get(caller.tenantScope) ?? 0);
    if (others.length === 0) this.#served.clear();
    const least = others.length === 0 ? 0 : Math.min(...others);
    this.#served.set(tenant, Math.max(this.#served.get(tenant) ?? 0, least));
  }

  async #runAll(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#waiting.length > 0) {
        // Callers that were answered together ask again together: let them, before the next run is put together.
        await new Promise(setImmediate);
        const batch = this.#take();
        if (batch.length > 0) await this.#runOnce(batch);
      }
    } finally {
      this.#running = false;
    }
  }

  async #runOnce(batch: readonly Waiting[]): Promise<void> {
    const startedAt = performance.now();
    for (const { watch, since } of batch) watch.waited(startedAt - since);
    try {
      const results = await this.#runBatch(batch.map(({ row }) => row));
      batch.forEach(({ outcome }, index) => {
        const result = results[index];
        if (result === undefined) {
          outcome.reject(new RangeError("Cannot find the result of a row as the run gave fewer"));
        } else {
          outcome.resolve(result);
        }
      });
      const shareMs = (performance.now() - startedAt) / batch.length;
      for (const { watch } of batch) watch.ran(shareMs);
    } catch (error) {
      for (const { outcome } of batch) outcome.reject(error);
    }
    const endedAt = performance.now();
    for (const { caller } of batch) this.#seenAt.set(caller.tenantScope, endedAt);
  }

  /** The rows of the next run, taken out of the line. */
  #take(): readonly Waiting[] {
    const batch: Waiting[] = [];
    const isShared = this.#tenants() > 1;
    while (batch.length < this.#limits.maxRows) {
      const next = this.#next(batch, isShared);
      if (next === undefined) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      batch.push(next);
      const { tenantScope } = next.caller;
      const served = (this.#served.get(tenantScope) ?? 0) + positionsOf([next.row]);
      this.#served.set(tenantScope, served);
    }
    return batch;
  }

  /** Who comes next, of those whose rows fit the batch. */
  #next(batch: readonly Waiting[], isShared: boolean): Waiting | undefined {
    const now = performance.now();
    const isUrgent = ({ caller, since }: Waiting): boolean =>
      caller.priority === "interactive" || now - since > PATIENCE_MS;
    const served = ({ caller }: Waiting): number => this.#served.get(caller.tenantScope) ?? 0;
    const [first] = batch;
    return this.#waiting
      .filter(
        (waiting) =>
          first === undefined ||
          (isAlike(first.row, waiting.row) &&
            this.#fits([...batch, waiting]) &&
            !(isShared && this.#crowds(batch, waiting))),
      )
      .toSorted(
        (left, right) =>
          Number(isUrgent(right)) - Number(isUrgent(left)) ||
          served(left) - served(right) ||
          left.since - right.since,
      )[0];
  }

  /** Tenants that wait, or have had a run lately. */
  #tenants(): number {
    const waiting = new Set(this.#waiting.map(({ caller }) => caller.tenantScope));
    const since = performance.now() - PRESENCE_MS;
    for (const [tenant, seenAt] of this.#seenAt) {
      if (seenAt < since && !waiting.has(tenant)) this.#seenAt.delete(tenant);
    }
    return this.#seenAt.size;
  }

  /** Whether a tenant that has a row in the batch would prolong it too much by another one. */
  #crowds(batch: readonly Waiting[], waiting: Waiting): boolean {
    const seen = new Set<string>();
    const firsts = batch.filter(({ caller: { tenantScope } }) => {
      const isFirst = !seen.has(tenantScope);
      seen.add(tenantScope);
      return isFirst;
    });
    if (!seen.has(waiting.caller.tenantScope)) return false;
    const rowsOf = (some: readonly Waiting[]): readonly DecoderRow[] => some.map(({ row }) => row);
    return this.#limits.costRatio(rowsOf([...batch, waiting]), rowsOf(firsts)) > PROLONGED;
  }

  #fits(batch: readonly Waiting[]): boolean {
    const rows = copiesOf(batch.map(({ row }) => row));
    const longest = Math.max(...batch.map(({ row }) => row.tokenIds.length));
    return this.#limits.fits(rows, longest);
  }
}

/** Rows of one full forward are not kept waiting for rows with inner steps, nor the other way round. */
function isAlike(left: DecoderRow, right: DecoderRow): boolean {
  return left.quota.length > 1 === right.quota.length > 1;
}
