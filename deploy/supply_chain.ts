import { readFileSync } from "node:fs";

/** A package of the lock file. */
export type LockedPackage = {
  readonly name: string;
  readonly version: string;
  /** As its author declares it, an SPDX expression. */
  readonly licence: string;
  /** Only built or tested with; no part of what is delivered. */
  readonly dev: boolean;
  /** Whether npm would run a script of its own at install, if scripts were allowed. */
  readonly installScript: boolean;
  /** Where it comes from when that is not the npm registry in use. */
  readonly resolved: string | undefined;
  /** The digest that it must have. */
  readonly integrity: string | undefined;
};

type LockFile = {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly dev?: boolean;
        readonly link?: boolean;
        readonly hasInstallScript?: boolean;
        readonly resolved?: string;
        readonly integrity?: string;
      }
    >
  >;
};

/** Every package that the lock file names, those of this repository left out. */
export function lockedPackages(
  lockFile = new URL("../package-lock.json", import.meta.url),
): readonly LockedPackage[] {
  // Written by npm; supply_chain.test.ts looks at the fields that matter.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { packages } = JSON.parse(readFileSync(lockFile, "utf8")) as LockFile;
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && link !== true)
    .map(([path, entry]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version: entry.version ?? "",
      licence: entry.license ?? "none declared",
      dev: entry.dev === true,
      installScript: entry.hasInstallScript === true,
      resolved: entry.resolved,
      integrity: entry.integrity,
    }));
}
