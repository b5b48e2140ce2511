import { isIP } from "node:net";

/** The process environment, as `main.ts` hands it down. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a variable, or `fallback` where it is not set or empty. */
export function text(env: Environment, name: string, fallback: string): string {
  return optionalText(env, name) ?? fallback;
}

/** The text of a variable, if it is set and not empty. */
export function optionalText(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}

/**
 * An integer of at least 1.
 *
 * @throws {RangeError} Naming the variable, the rule and the value.
 */
export function positiveInteger(env: Environment, name: string, fallback: number): number {
  const value = optionalText(env, name);
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1 || !Number.isSafeInteger(number)) {
    throw invalid(name, "it must be an integer >= 1", value);
  }
  return number;
}

/**
 * One of a closed list of words.
 *
 * @throws {RangeError} Naming the variable, the words and the value.
 */
export function choice<const T extends string>(
  env: Environment,
  name: string,
  options: { readonly choices: readonly T[]; readonly fallback: NoInfer<T> },
): T {
  const value = optionalText(env, name);
  if (value === undefined) return options.fallback;
  const chosen = options.choices.find((known) => known === value);
  if (chosen === undefined) {
    const words = options.choices.map((known) => `"${known}"`).join(", ");
    throw invalid(name, `it must be one of ${words}`, value);
  }
  return chosen;
}

/**
 * A `host:port`; an IPv6 host stands in brackets. Port 0 lets the system choose.
 *
 * @throws {RangeError} Naming the variable, the rule and the value.
 */
export function address(env: Environment, name: string, fallback: string): string {
  const value = text(env, name, fallback);
  if (hostOf(value) === undefined) {
    throw invalid(name, 'it must be "host:port" with a port of at most 65535', value);
  }
  return value;
}

/**
 * Where a service is called: a `host:port`, or several of them between commas, which gRPC takes of IP addresses alone.
 *
 * @throws {RangeError} Naming the variable, the rule and the value.
 */
export function replicas(env: Environment, name: string, fallback: string): string {
  const value = text(env, name, fallback);
  const hosts = value.split(",").map(hostOf);
  const isOne = hosts.length === 1 && hosts[0] !== undefined;
  if (isOne || areOfOneFamily(hosts)) return value;
  throw invalid(
    name,
    'it must be "host:port", or several "ip:port" between commas, all of IPv4 or all of IPv6',
    value,
  );
}

/** Whether all are IPv4 addresses, or all IPv6. */
function areOfOneFamily(hosts: readonly (string | undefined)[]): boolean {
  const families = new Set(hosts.map((host = "") => isIP(host)));
  return families.size === 1 && !families.has(0);
}

/** The host of a `host:port`, without brackets; undefined where it is none. */
function hostOf(value: string): string | undefined {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/,[\]]+)):(\d{1,5})$/.exec(value) ?? [];
  return port === undefined || Number(port) > 65_535 ? undefined : (bracketed ?? plain);
}

function invalid(name: string, rule: string, value: string): RangeError {
  return new RangeError(`Cannot read ${name} as ${rule}: current value is "${value}"`);
}
