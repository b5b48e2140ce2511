import type { NamedTensors } from "./tensor_data.ts";

/** Where a session computes. */
export const DEVICES = ["cpu", "cuda", "webgpu"] as const;

export type Device = (typeof DEVICES)[number];

/** What a session thread is started with. */
export type SessionOptions = {
  /** The serialised graph. */
  readonly model: Uint8Array;
  /** Folder that the graph's weight locations are relative to. */
  readonly externalDataFolder?: string | undefined;
  /** Threads that one run may use. */
  readonly threads: number;
  readonly device: Device;
};

/** From the process to its session thread; at most one run is under way. */
export type SessionRequest =
  | { readonly type: "run"; readonly feeds: NamedTensors }
  | { readonly type: "release" };

/** From the session thread to its process. */
export type SessionReply =
  | { readonly type: "loaded" }
  | { readonly type: "run-end"; readonly outputs: NamedTensors }
  | { readonly type: "run-error"; readonly message: string }
  | { readonly type: "load-error"; readonly message: string };
