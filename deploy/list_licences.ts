/**
 * Prints the licences of everything that is delivered, and which packages have each.
 *
 *     npm run licences
 *
 * @module
 */
import { lockedPackages } from "./supply_chain.ts";

const byLicence = new Map<string, string[]>();
for (const { name, version, licence, dev } of lockedPackages()) {
  if (dev) continue;
  const names = byLicence.get(licence) ?? [];
  byLicence.set(licence, [...names, `${name}@${version}`]);
}
const sorted = [...byLicence].toSorted(([left], [right]) => left.localeCompare(right));
for (const [licence, names] of sorted) {
  const unique = [...new Set(names)].toSorted();
  process.stdout.write(`${licence} (${unique.length})\n  ${unique.join("\n  ")}\n`);
}
