import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withSettings } from "./settings_table.ts";

const path = join(import.meta.dirname, "README.md");
writeFileSync(path, withSettings(readFileSync(path, "utf8")));
