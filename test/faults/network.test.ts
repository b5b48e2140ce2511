import { until } from "@medv/runtime/testing/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, drawImage, type Outcome, tally } from "./ask.ts";
import { type Cluster, type Edge, startCluster } from "./cluster.ts";
import { allNumbers, handlesBack, type ProcessNumbers } from "./process_numbers.ts";

const EDGES: readonly Edge[] = ["gateway > vision", "gateway > diffusion", "diffusion > vision"];

const WAY_OF_ANSWERS: Edge = "gateway > diffusion";

let cluster: Cluster;
let shade = 0;

/** Asks about an image that nobody has seen yet, so that every edge is used. */
async function askAnew(): Promise<Outcome> {
  return await ask(cluster.url(), { image: await drawImage((shade += 3)) });
}

/** An answer that is far from its end at its first draft. */
const ANSWER = { genLength: 256 };

/** Asks; comes back at the first draft, with what becomes of the answer. */
async function begin(): Promise<{ readonly end: Promise<Outcome> }> {
  const drafted = Promise.withResolvers<void>();
  const onEvent = (name: string): void => {
    if (name === "block-draft") drafted.resolve();
  };
  const end = ask(cluster.url(), { ...ANSWER, onEvent });
  await Promise.race([drafted.promise, end]);
  return { end };
}

/** Whether an answer says the truth: all of it where it is whole, and else a beginning. */
function isTrue({ type, text }: Outcome, truth: string): boolean {
  return type === "whole" ? text === truth : text !== truth && truth.startsWith(text);
}

/** Waits until answers are whole and nothing is left over. */
async function recover(before: readonly ProcessNumbers[]): Promise<void> {
  await until("answers are whole again", async () => (await askAnew()).type === "whole");
  await handlesBack(cluster, before);
}

describe("a network that fails for a while", () => {
  beforeAll(async () => {
    cluster = await startCluster({ networks: true });
  });
  afterAll(() => cluster.stop());

  test.each(EDGES)(
    "from %s: slow or cut it costs no answer, and reset a clear error; nothing is left over",
    async (edge) => {
      const network = cluster.network(edge);
      expect((await askAnew()).type).toBe("whole");
      const before = await allNumbers(cluster);
      network.set("slow");
      expect((await askAnew()).type).toBe("whole");
      network.set("none");
      await recover(before);
      network.cut();
      expect((await askAnew()).type).toBe("whole");
      await recover(before);
      network.set("reset");
      const refused = await askAnew();
      expect(["refused", "failed"]).toContain(refused.type);
      expect(refused.code).toBe("unavailable");
      network.set("none");
      await recover(before);
    },
  );

  test.each(EDGES)(
    "from %s in the middle of an answer: slow it costs nothing, cut or reset a clear event behind true text where the answer comes that way",
    async (edge) => {
      const network = cluster.network(edge);
      const { text: truth } = await ask(cluster.url(), ANSWER);
      const before = await allNumbers(cluster);
      for (const fault of ["slow", "cut", "reset"] as const) {
        const { end } = await begin();
        if (fault === "cut") network.cut();
        else network.set(fault);
        const begun = await end;
        network.set("none");
        const isLost = fault !== "slow" && edge === WAY_OF_ANSWERS;
        expect([begun.type, begun.code, begun.hasDraft]).toEqual(
          isLost ? ["failed", "unavailable", true] : ["whole", undefined, true],
        );
        expect(isTrue(begun, truth)).toBe(true);
        await recover(before);
      }
    },
  );
});

/** So that errors come soon. */
const ANSWER_SECONDS = 12;
const ENCODE_SECONDS = 4;

/** After how long a question ends whose calls are swallowed. */
const LIMIT_SECONDS: Readonly<Record<Edge, number>> = {
  "gateway > vision": ENCODE_SECONDS,
  "gateway > diffusion": ANSWER_SECONDS,
  "diffusion > vision": ANSWER_SECONDS,
};

/** For all that comes before and after the wait. */
const SLACK_SECONDS = 10;

describe("a network that swallows everything", () => {
  beforeAll(async () => {
    const settings = {
      MEDV_ANSWER_TIMEOUT_SECONDS: String(ANSWER_SECONDS),
      MEDV_ENCODE_TIMEOUT_SECONDS: String(ENCODE_SECONDS),
    };
    cluster = await startCluster({ networks: true, settings });
  });
  afterAll(() => cluster.stop());

  test.for(EDGES)(
    "from %s: errors come in time, in the middle of an answer too, then at once, until it is well, and nothing is left over",
    async (edge, { annotate }) => {
      const count = (event: string): number => cluster.events(event).length;
      await until("answers are whole", async () => (await askAnew()).type === "whole");
      const { text: truth } = await ask(cluster.url(), ANSWER);
      const before = await allNumbers(cluster);
      const [opened, closed] = [count("breaker-open"), count("breaker-close")];
      const { end } = await begin();
      cluster.network(edge).set("blackhole");
      const failures: Outcome[] = [];
      await until("the breaker opens", async () => {
        failures.push(...(await Promise.all(Array.from({ length: 6 }, askAnew))));
        return count("breaker-open") > opened;
      });
      const begun = await end;
      const isLost = edge === WAY_OF_ANSWERS;
      expect([begun.type, begun.hasDraft]).toEqual([isLost ? "failed" : "whole", true]);
      expect(isTrue(begun, truth)).toBe(true);
      if (isLost) failures.push(begun);
      const seconds = failures.map(({ ms }) => ms / 1000);
      await annotate(JSON.stringify({ failures: tally(failures), slowest: Math.max(...seconds) }));
      for (const { type, code } of failures) {
        expect(["refused", "failed"]).toContain(type);
        expect(["deadline_exceeded", "unavailable"]).toContain(code);
      }
      expect(Math.max(...seconds)).toBeLessThan(LIMIT_SECONDS[edge] + SLACK_SECONDS);
      cluster.network(edge).set("none");
      await recover(before);
      await until("the breaker closes", () => count("breaker-close") > closed);
      expect(tally(await Promise.all([askAnew(), askAnew(), askAnew()]))).toEqual({ whole: 3 });
    },
  );
});
