import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";

const ALERTS = join(import.meta.dirname, "alerts.yaml");
const NO_PROMTOOL = "promtool, of Debian's package prometheus, is not here";
const hasPromtool = spawnSync("promtool", ["--version"], { stdio: "ignore" }).status === 0;

test("promtool finds nothing in the rules", ({ skip }) => {
  if (!hasPromtool) {
    skip(NO_PROMTOOL);
    return;
  }
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", ALERTS], {
    encoding: "utf8",
  });
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
});

/** Answers a minute, as Prometheus' unit tests write a counter: from 0, so many more at each step, for so many steps. */
const counter = (perMinute: number): string => `0+${perMinute}x420`;

const answers = (status: number, perMinute: number) => ({
  series: `medv_gateway_requests_total{route="/v1/chat/completions",status="${status}"}`,
  values: counter(perMinute),
});

/** What Prometheus' unit test wants of an alert after six and a half hours. */
const fires = (alertname: string, wanted: boolean) => ({
  eval_time: "390m",
  expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
  exp_samples: [{ labels: "{}", value: wanted ? 1 : 0 }],
});

/** Of 1,000 answers a minute so many fail; a burnt budget pages from 14.4 × 0.5 % in an hour, or 6 × 0.5 % in six. */
const CASES = [
  { failed: 4, fast: false, slow: false },
  { failed: 40, fast: false, slow: true },
  { failed: 80, fast: true, slow: true },
];

test.for(CASES)(
  "of 1,000 answers a minute $failed fail for hours: the fast alert fires ($fast), and the slow one ($slow)",
  ({ failed, fast, slow }, { skip }) => {
    if (!hasPromtool) {
      skip(NO_PROMTOOL);
      return;
    }
    const tests = {
      rule_files: [ALERTS],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          // Callers' own mistakes, however many, burn nothing.
          input_series: [answers(200, 1000 - failed), answers(500, failed), answers(400, 5000)],
          promql_expr_test: [
            fires("MedvAnswersFailFast", fast),
            fires("MedvAnswersFailSlowly", slow),
          ],
        },
      ],
    };
    const folder = mkdtempSync(join(tmpdir(), "medv-alerts-"));
    try {
      const file = join(folder, "tests.yaml");
      writeFileSync(file, stringify(tests));
      const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], {
        encoding: "utf8",
      });
      expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
