/**
 * A small service in a process of its own, for the test that sends it a signal: ten messages, one every 100 ms.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { VisionEncoder } from "@medv/proto/vision";
import { drainOnSignal } from "../drain_on_signal.ts";
import { createLogger } from "../logger.ts";
import { startService } from "../service.ts";

const logger = createLogger({ service: "drain-server", level: "info" });
const drain = drainOnSignal(logger);
const service = await startService(VisionEncoder, {
  address: "127.0.0.1:0",
  addressVariable: "MEDV_TEST_ADDRESS",
  logger,
});
drain.steps.push(() => service.drain());
service.open({
  encode: async () => ({ cached: true }),
  deleteEmbedding: async () => ({}),
  async *readEmbedding() {
    for (let i = 0; i < 10; i++) {
      yield { chunk: new Uint8Array([i]) };
      await sleep(100);
    }
  },
});
