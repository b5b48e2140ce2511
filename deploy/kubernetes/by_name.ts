import type { Manifest } from "./manifest.ts";

/**
 * Objects by kind and name, to be compared; the order of a container's variables means nothing, as none refers to another.
 *
 * @throws {RangeError} If two have the same kind and name.
 */
export function byName(manifests: readonly Manifest[]): Readonly<Record<string, unknown>> {
  const entries = manifests.map((manifest): [string, unknown] => [
    `${manifest.kind} ${manifest.metadata.name}`,
    JSON.parse(JSON.stringify(manifest), (key: string, value: unknown) =>
      key === "env" && Array.isArray(value)
        ? value.toSorted((a, b) => String(a.name).localeCompare(String(b.name)))
        : value,
    ),
  ]);
  const names = entries.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new RangeError(`Cannot compare manifests as each must be there once: "${twice}" is not`);
  }
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}
