/** Collects the outcome of every check and prints a line for each. */
export class Report {
  #passed = 0;
  #failed = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  readonly #print: (line: string) => void;

  get failed(): number {
    return this.#failed;
  }

  get summary(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }

  check(name: string, problem: string | undefined): void {
    if (problem === undefined) this.#passed++;
    else this.#failed++;
    this.#print(problem === undefined ? `ok    ${name}` : `FAIL  ${name}: ${problem}`);
  }

  skip(name: string, reason: string): void {
    this.#print(`skip  ${name}: ${reason}`);
  }
}

type Numbers = ArrayLike<number>;

/** Undefined when all values agree within `tolerance`, else the worst place. */
export function compareNumbers(
  actual: Numbers,
  expected: Numbers,
  tolerance: number,
): string | undefined {
  if (actual.length !== expected.length) {
    return `${actual.length} values, expected ${expected.length}`;
  }
  let worst = 0;
  let index = -1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (!(difference <= worst)) {
      worst = difference;
      index = i;
    }
  }
  if (worst <= tolerance) return undefined;
  return `worst at ${index}: ${actual[index]}, expected ${expected[index]} (off by ${worst}, tolerance ${tolerance})`;
}

/** Undefined when both lists are equal, else the first difference. */
export function compareIds(actual: Numbers, expected: Numbers): string | undefined {
  if (actual.length !== expected.length) {
    return `${actual.length} ids, expected ${expected.length}`;
  }
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) return `at ${i}: ${actual[i]}, expected ${expected[i]}`;
  }
  return undefined;
}
