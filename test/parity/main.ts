import { checkLanguage, checkVision } from "./towers.ts";
import { openOracle } from "./oracle.ts";
import { Report } from "./check.ts";
import { checkDllmCache, checkFastDllm, checkSampler } from "./samplers.ts";

const directory = process.argv[2];
if (directory === undefined) {
  process.stderr.write("Cannot check parity as an oracle directory must be given: npm run parity -- <directory>\n");
  process.exit(2);
}
const oracle = openOracle(directory);
const report = new Report((line) => process.stdout.write(`${line}\n`));
await checkVision(oracle, report);
await checkLanguage(oracle, report);
await checkSampler(oracle, report);
await checkFastDllm(oracle, report);
await checkDllmCache(oracle, report);
process.stdout.write(`${report.summary}\n`);
process.exitCode = report.failed === 0 ? 0 : 1;
