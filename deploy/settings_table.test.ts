import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig as readDiffusion } from "@medv/diffusion/config";
import { readConfig as readGateway } from "@medv/gateway/config";
import { readConfig as readVision } from "@medv/vision/config";
import { expect, test } from "vitest";
import { withSettings } from "./settings_table.ts";

const README = readFileSync(join(import.meta.dirname, "README.md"), "utf8");

test("the README has the settings that the processes read: after a change, `npm run settings` writes them", () => {
  expect(withSettings(README)).toBe(README);
});

test("withSettings() needs its place in the README", () => {
  expect(() => withSettings("# Other")).toThrow(
    "Cannot write the settings as the README must have",
  );
});

test.each([
  { process: "gateway", read: readGateway },
  { process: "vision", read: readVision },
  { process: "diffusion", read: readDiffusion },
])("the $process reads every variable that its table names, and no other", ({ process, read }) => {
  const names = new Set<string>();
  read(
    new Proxy<Record<string, undefined>>(
      {},
      {
        get: (_, name) => {
          // Others belong to the system, such as XDG_CACHE_HOME.
          if (/^(MEDV|OTEL)_/.test(String(name))) names.add(String(name));
          return undefined;
        },
      },
    ),
  );
  const section = README.split(`### ${process}\n`)[1]?.split("\n###")[0] ?? "";
  const listed = [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1] ?? "");
  expect(listed.toSorted()).toEqual([...names].toSorted());
});
