import { DomainError } from "@medv/proto";

/** How much of a tile's price is what it cost in the last run. */
const NEWEST = 0.2;

/**
 * The work in front of the tower, in milliseconds. Its runs wait for each other, so what a run costs is counted from the
 * end of the one before; what would wait too long is refused instead.
 */
export class TowerQueue {
  readonly #maxQueueMs: number;
  #tiles = 0;
  #tileMs: number;
  #lastEndedAt = 0;

  /**
   * @param maxQueueMs More predicted work than this is not taken in.
   * @param tileMs What a tile is taken to cost until a run has ended.
   */
  constructor(maxQueueMs: number, tileMs: number) {
    this.#maxQueueMs = maxQueueMs;
    this.#tileMs = tileMs;
  }

  /** Predicted work of all runs that were taken in and have not ended. */
  get aheadMs(): number {
    return this.#tiles * this.#tileMs;
  }

  /**
   * Runs the tower on so many tiles.
   *
   * @throws {DomainError} `overloaded` with the time after which there will be room.
   */
  async run<T>(tiles: number, tower: () => Promise<T>): Promise<T> {
    this.#refuseWhenFull();
    this.#tiles += tiles;
    const startedAt = performance.now();
    try {
      const output = await tower();
      const endedAt = performance.now();
      const tileMs = (endedAt - Math.max(startedAt, this.#lastEndedAt)) / tiles;
      this.#tileMs += NEWEST * (tileMs - this.#tileMs);
      this.#lastEndedAt = endedAt;
      return output;
    } finally {
      this.#tiles -= tiles;
    }
  }

  #refuseWhenFull(): void {
    const overMs = this.aheadMs - this.#maxQueueMs;
    if (overMs <= 0) return;
    const seconds = Math.ceil(overMs / 1000);
    throw new DomainError(
      "overloaded",
      `Cannot encode as the work ahead takes more than ${this.#maxQueueMs / 1000} s`,
      { hint: `try again in ${seconds} s`, retryAfterSeconds: seconds },
    );
  }
}
