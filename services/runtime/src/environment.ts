/** The environment variables of a process; only a `main.ts` reads the real ones. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * An integer of at least 1.
 *
 * @throws {RangeError} If the variable is set to anything else.
 */
export function positiveInteger(env: Environment, name: string, fallback: number): number {
  const value = env[name];
  if (value === undefined || value === "") return fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || !Number.isSafeInteger(number)) {
    throw invalid(name, "it must be an integer >= 1", value);
  }
  return number;
}

/** Any text; an empty variable counts as not set. */
export function text(env: Environment, name: string, fallback: string): string {
  return optionalText(env, name) ?? fallback;
}

/** Any text, `undefined` when the variable is empty or not set. */
export function optionalText(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}

/**
 * A `host:port`, IPv6 hosts in brackets.
 *
 * @throws {RangeError} If the variable is set to anything else.
 */
export function address(env: Environment, name: string, fallback: string): string {
  const value = text(env, name, fallback);
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(value)?.[1]);
  if (!(port <= 65_535)) throw invalid(name, "it must be host:port", value);
  return value;
}

/**
 * One of a few words.
 *
 * @throws {RangeError} If the variable is set to another word.
 */
export function choice<const T extends string>(
  env: Environment,
  name: string,
  options: { readonly choices: readonly T[]; readonly fallback: NoInfer<T> },
): T {
  const value = text(env, name, options.fallback);
  const chosen = options.choices.find((word) => word === value);
  if (chosen === undefined)
    throw invalid(name, `it must be one of ${options.choices.join(", ")}`, value);
  return chosen;
}

function invalid(name: string, rule: string, value: string): RangeError {
  return new RangeError(
    `Cannot read ${name} as ${rule}: current value is ${JSON.stringify(value)}`,
  );
}
