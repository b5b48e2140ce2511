import { openCheckpoint } from "@medv/model/checkpoint";
import type { ComputeDType } from "@medv/model/layers/weights";
import { visionTowerModel } from "@medv/model/vision_tower";
import { type Device, type NamedTensors, SessionWorker } from "@medv/runtime";
import type { Tower } from "./encode.ts";

/** Where the tower comes from and how it computes. */
export type TowerOptions = {
  readonly checkpoint: string;
  readonly visionCheckpoint?: string | undefined;
  /** Files in the format of `sha256sum`, by which the two directories are checked. */
  readonly checkpointSums?: string | undefined;
  readonly visionCheckpointSums?: string | undefined;
  readonly threads: number;
  readonly device: Device;
  readonly precision: ComputeDType;
  /** Told when the session dies by itself. */
  readonly onExit: (error: Error) => void;
};

/** A loaded tower. */
export type TowerSession = Tower & {
  /** What a run of one tile takes when it is warm, in milliseconds. */
  readonly tileMs: number;
  release(): Promise<void>;
};

/**
 * Loads the checkpoint's vision tower and runs it twice: the first caller shall not wait for it to warm up, and what a
 * tile costs is known before anybody calls.
 */
export async function openTower(options: TowerOptions): Promise<TowerSession> {
  const { threads, device, onExit } = options;
  const checkpoint = await openCheckpoint(options.checkpoint, {
    visionDirectory: options.visionCheckpoint,
    sums: options.checkpointSums,
    visionSums: options.visionCheckpointSums,
  });
  const { bytes, folder } = visionTowerModel(checkpoint, options.precision);
  const session = await SessionWorker.start({
    model: bytes,
    externalDataFolder: folder,
    threads,
    device,
    onExit,
  });
  const { imageSize } = checkpoint.config.vision;
  const run: Tower["run"] = async (pixels, signal) =>
    embeddingOf(await session.run({ pixels }, signal));
  const shape = [1, imageSize, imageSize, 3];
  const blank = { dtype: "uint8", shape, data: new Uint8Array(imageSize * imageSize * 3) } as const;
  const never = new AbortController().signal;
  await run(blank, never);
  const startedAt = performance.now();
  await run(blank, never);
  const tileMs = performance.now() - startedAt;
  return {
    digest: checkpoint.towerDigest,
    imageSize,
    tileMs,
    run,
    release: () => session.release(),
  };
}

function embeddingOf({ embedding, ...rest }: NamedTensors): NamedTensors[string] {
  if (embedding === undefined) {
    throw new TypeError(
      `Cannot read the tower's output as it has no "embedding": outputs are ${Object.keys(rest).join(", ")}`,
    );
  }
  return embedding;
}
