import { openDecoder, type DecoderSession } from "@medv/diffusion/decoder_session";
import { openTower, type TowerSession } from "@medv/vision/tower_session";
import { fileURLToPath } from "node:url";

/** The embedded checkpoint's vision tower and decoder, in this process's own threads. */
export async function openEmbeddedSessions({
  precision = "float32",
  maxBatchRows,
}: {
  readonly precision?: "float32" | "float16";
  readonly maxBatchRows: number;
}): Promise<{
  readonly tower: TowerSession;
  readonly decoder: DecoderSession;
  readonly release: () => Promise<void>;
}> {
  const shared = {
    checkpoint: fileURLToPath(new URL("../model/checkpoints/phantom", import.meta.url)),
    threads: 1,
    device: "cpu",
    precision,
    onExit: (error: Error) => {
      throw error;
    },
  } as const;
  const tower = await openTower(shared);
  const decoder = await openDecoder(
    {
      ...shared,
      cacheDirectory: "",
      onQuantizeProgress: () => undefined,
      maxBatchRows,
      runMemoryBytes: 2 ** 30,
      onRun: () => undefined,
    },
    new AbortController().signal,
  );
  return {
    tower,
    decoder,
    release: async () => {
      await tower.release();
      await decoder.release();
    },
  };
}
