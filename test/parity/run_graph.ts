import type { OnnxModel } from "@medv/model/onnx/model";
import * as ort from "onnxruntime-node";

export type Feed = {
  readonly dtype: "float32" | "float64" | "int64" | "bool" | "uint8";
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array;
};

/** Runs a graph in this thread; good enough for a command that does nothing else meanwhile. */
export async function openGraph(
  model: OnnxModel,
): Promise<(feeds: Readonly<Record<string, Feed>>) => Promise<Record<string, Feed>>> {
  const session = await ort.InferenceSession.create(model.bytes, {
    extra: { session: { model_external_initializers_file_folder_path: model.folder } },
    logSeverityLevel: 3,
  });
  return async (feeds) => {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => [
        name,
        new ort.Tensor(feed.dtype, feed.data as never, feed.shape),
      ]),
    );
    const outputs = await session.run(inputs);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [
        name,
        { dtype: tensor.type, shape: tensor.dims, data: tensor.data } as Feed,
      ]),
    );
  };
}
