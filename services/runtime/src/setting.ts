import {
  address,
  choice,
  type Environment,
  optionalText,
  positiveInteger,
  replicas,
  text,
} from "./environment.ts";

/** One environment variable of a process: how it is read, and what the table of settings says about it. */
export type Setting<T> = {
  readonly variable: string;
  /** Empty for words and paths. */
  readonly unit: string;
  /** As it would stand in the variable; empty where it has none. */
  readonly fallback: string;
  readonly meaning: string;
  /** @throws {RangeError} Naming the variable, the rule and the value. */
  read(env: Environment): T;
};

/** The settings of a process under the names that its code uses. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** What is read of them. */
export type SettingValues<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/**
 * Reads every setting.
 *
 * @throws {RangeError} Of the first variable whose value is wrong.
 */
export function readSettings<S extends Settings>(settings: S, env: Environment): SettingValues<S> {
  const entries = Object.entries(settings).map(([name, each]) => [name, each.read(env)]);
  // Built name by name from the same settings that the mapped type is made of.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(entries) as SettingValues<S>;
}

export function addressSetting(
  variable: string,
  fallback: string,
  meaning: string,
): Setting<string> {
  const read = (env: Environment): string => address(env, variable, fallback);
  return { variable, unit: "host:port", fallback, meaning, read };
}

/** Where a service is called, which may have several replicas. */
export function replicasSetting(
  variable: string,
  fallback: string,
  meaning: string,
): Setting<string> {
  const read = (env: Environment): string => replicas(env, variable, fallback);
  return { variable, unit: "host:port, …", fallback, meaning, read };
}

export function integerSetting(
  variable: string,
  fallback: number,
  about: { readonly unit: string; readonly meaning: string },
): Setting<number> {
  const read = (env: Environment): number => positiveInteger(env, variable, fallback);
  return { variable, ...about, fallback: String(fallback), read };
}

/** An integer of at least 1, or nothing. */
export function optionalIntegerSetting(
  variable: string,
  about: { readonly unit: string; readonly meaning: string },
): Setting<number | undefined> {
  const read = (env: Environment): number | undefined =>
    optionalText(env, variable) === undefined ? undefined : positiveInteger(env, variable, 1);
  return { variable, ...about, fallback: "", read };
}

export function choiceSetting<const T extends string>(
  variable: string,
  options: { readonly choices: readonly T[]; readonly fallback: NoInfer<T> },
  meaning: string,
): Setting<T> {
  const read = (env: Environment): T => choice(env, variable, options);
  const unit = options.choices.join(", ");
  return { variable, unit, fallback: options.fallback, meaning, read };
}

/** @param shown The fallback as the table shows it, where the value itself depends on the machine. */
export function textSetting(
  variable: string,
  { fallback, shown = fallback }: { readonly fallback: string; readonly shown?: string },
  meaning: string,
): Setting<string> {
  const read = (env: Environment): string => text(env, variable, fallback);
  return { variable, unit: "", fallback: shown, meaning, read };
}

export function optionalSetting(variable: string, meaning: string): Setting<string | undefined> {
  const read = (env: Environment): string | undefined => optionalText(env, variable);
  return { variable, unit: "", fallback: "", meaning, read };
}

/** Values between commas, none where the variable is not set; each must be what `rule` says. */
export function listSetting(
  variable: string,
  { rule, isValid }: { readonly rule: string; readonly isValid: (text: string) => boolean },
  meaning: string,
): Setting<readonly string[]> {
  const read = (env: Environment): readonly string[] => {
    const listed = (optionalText(env, variable) ?? "").split(",").map((each) => each.trim());
    const values = listed.filter((each) => each !== "");
    const wrong = values.find((each) => !isValid(each));
    if (wrong === undefined) return values;
    throw new RangeError(
      `Cannot read ${variable} as each must be ${rule}: current value has "${wrong}"`,
    );
  };
  return { variable, unit: "", fallback: "", meaning, read };
}

/** An address that is not listened on, or not called, where the variable is not set. */
export function optionalAddressSetting(
  variable: string,
  meaning: string,
): Setting<string | undefined> {
  const read = (env: Environment): string | undefined =>
    optionalText(env, variable) === undefined ? undefined : address(env, variable, "");
  return { variable, unit: "host:port", fallback: "", meaning, read };
}
