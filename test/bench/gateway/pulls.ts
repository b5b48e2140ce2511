import { DataType } from "@medv/proto/embedding";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { median, percentile } from "../median.ts";
import { timed } from "./timed.ts";
import { encodedTile, NEVER, TENANT } from "./encoded_tile.ts";
import type { Services } from "./started.ts";

/** How long an embedding takes between the services, alone and eight at a time, and how many come whole. */
export async function pulls(services: Services, count: number): Promise<readonly string[]> {
  const client = createClient(VisionEncoder, services.visionAddress);
  const { digest } = (await encodedTile(services, client)).handle;
  /** Bytes of one that comes whole; undefined of one that does not. */
  const pull = async (): Promise<number | undefined> => {
    let [length, wanted] = [0, NaN];
    const call = client.readEmbedding({ digest, tenantScope: TENANT }, { signal: NEVER });
    try {
      for await (const { handle, chunk } of call) {
        if (handle !== undefined) {
          const width = handle.dtype === DataType.FLOAT16 ? 2 : 4;
          wanted = handle.shape.reduce((all, each) => all * each, width);
        }
        length += chunk.length;
      }
    } catch {
      // One that did not come is what is counted.
    }
    return length === wanted ? length : undefined;
  };
  const bytes = await pull();
  if (bytes === undefined) throw new Error("Cannot measure as the embedding did not come");
  const rows: string[] = [];
  for (const together of [1, 8]) {
    const times: number[] = [];
    let whole = 0;
    for (let round = 0; round < count; round++) {
      const started = Array.from({ length: together }, () =>
        timed(async () => {
          if ((await pull()) !== undefined) whole += 1;
        }),
      );
      times.push(...(await Promise.all(started)));
    }
    rows.push(
      `| an embedding of ${(bytes / 1e6).toFixed(2)} MB by gRPC, ${together} at a time | ${median(times).toFixed(1)} ms | p99 ${percentile(times, 99).toFixed(1)} ms, ${whole} of ${times.length} whole |`,
    );
  }
  client.close();
  return rows;
}
