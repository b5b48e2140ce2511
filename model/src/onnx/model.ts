/** A graph ready for ONNX Runtime. */
export type OnnxModel = {
  /** The serialised `ModelProto`; small, as weights stay in their files. */
  readonly bytes: Uint8Array;
  /** Folder that the graph's weight locations are relative to. */
  readonly folder: string;
};
