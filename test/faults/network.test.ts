import { until } from "@medv/runtime/testing/until";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readMetric } from "../read_metric.ts";
import { ask, drawImage, tally } from "./ask.ts";
import { type Cluster, type Edge, type Replica, startCluster } from "./cluster.ts";

const EDGES: readonly Edge[] = ["gateway > vision", "gateway > diffusion", "diffusion > vision"];

let cluster: Cluster;
let shade = 0;

/** Asks about an image that nobody has seen yet, so that every edge is used. */
async function askAnew() {
  return await ask(cluster.url(), { image: await drawImage((shade += 3)) });
}

describe("a network that fails for a while", () => {
  beforeAll(async () => {
    cluster = await startCluster({ networks: true });
  });
  afterAll(() => cluster.stop());

  test.each(EDGES)(
    "from %s: slow or cut it costs no answer, and reset a clear error",
    async (edge) => {
      const network = cluster.network(edge);
      expect((await askAnew()).type).toBe("whole");
      network.set("slow");
      expect((await askAnew()).type).toBe("whole");
      network.set("none");
      network.cut();
      expect((await askAnew()).type).toBe("whole");
      network.set("reset");
      const refused = await askAnew();
      expect(["refused", "failed"]).toContain(refused.type);
      expect(refused.code).toBe("unavailable");
      network.set("none");
      await until(async () => (await askAnew()).type === "whole");
    },
  );
});

describe("a network that swallows everything", () => {
  beforeAll(async () => {
    // So that a deadline comes soon; what is waited for does not depend on it.
    const settings = { MEDV_ANSWER_TIMEOUT_SECONDS: "15", MEDV_ENCODE_TIMEOUT_SECONDS: "4" };
    cluster = await startCluster({ networks: true, settings });
  });
  afterAll(() => cluster.stop());

  test.each(EDGES)(
    "from %s: errors come in time, then at once, until it is well, and nothing is left over",
    async (edge) => {
      const count = (event: string): number => cluster.events(event).length;
      await until(async () => (await askAnew()).type === "whole");
      const before = await handles(cluster.replica("gateway"));
      const [opened, closed] = [count("breaker-open"), count("breaker-close")];
      cluster.network(edge).set("blackhole");
      while (count("breaker-open") === opened) {
        for (const { type, code } of await Promise.all(Array.from({ length: 6 }, askAnew))) {
          expect(["refused", "failed"]).toContain(type);
          expect(["deadline_exceeded", "unavailable"]).toContain(code);
        }
      }
      cluster.network(edge).set("none");
      await until(async () => (await askAnew()).type === "whole");
      await until(() => count("breaker-close") > closed);
      expect(tally(await Promise.all([askAnew(), askAnew(), askAnew()]))).toEqual({ whole: 3 });
      // Connections that were tried and given up are closed.
      await until(async () => (await handles(cluster.replica("gateway"))) <= before + 2);
    },
  );
});

/** Sockets, timers and processes that a process holds. */
async function handles({ metricsUrl }: Replica): Promise<number> {
  return await readMetric(metricsUrl, "nodejs_active_handles_total");
}
