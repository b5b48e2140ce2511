/**
 * The code of a session's thread. `session.run` blocks the thread that it is called on, so it never runs on the one
 * that answers calls.
 *
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { SessionOptions, SessionReply, SessionRequest } from "./session_message.ts";
import type { NamedTensors, TensorArray, TensorData, TensorDtype } from "./tensor_data.ts";

const DTYPES: readonly string[] = [
  "float32",
  "float16",
  "float64",
  "int64",
  "int32",
  "uint8",
  "bool",
] satisfies TensorDtype[];

if (parentPort === null)
  throw new TypeError("Cannot run session_thread.ts as it needs a parent thread");
const port = parentPort;
const options: SessionOptions = workerData;

const session = await load();
if (session !== undefined) {
  reply({ type: "loaded" });
  port.on("message", (request: SessionRequest) => void serve(session, request));
}

async function load(): Promise<InferenceSession | undefined> {
  try {
    return await InferenceSession.create(options.model, {
      executionProviders: [options.device],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      ...(options.externalDataFolder !== undefined && {
        extra: {
          session: { model_external_initializers_file_folder_path: options.externalDataFolder },
        },
      }),
    });
  } catch (error) {
    reply({ type: "load-error", message: String(error) });
    return undefined;
  }
}

async function serve(loaded: InferenceSession, request: SessionRequest): Promise<void> {
  if (request.type === "release") {
    await loaded.release();
    port.close();
    return;
  }
  try {
    const feeds = Object.entries(request.feeds).map(
      ([name, feed]) => [name, tensorOf(feed)] as const,
    );
    const results = await loaded.run(Object.fromEntries(feeds));
    const outputs: NamedTensors = Object.fromEntries(
      Object.entries(results).map(([name, result]) => [name, dataOf(name, result)]),
    );
    reply({ type: "run-end", outputs });
  } catch (error) {
    reply({ type: "run-error", message: String(error) });
  }
}

function tensorOf({ dtype, data, shape }: TensorData): Tensor {
  // The class pairs every dtype with its array type by overloads, which a union cannot pick from.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return new Tensor(dtype as "float32", data as Float32Array, shape);
}

function dataOf(name: string, tensor: Tensor): TensorData {
  const { data, dims, type } = tensor;
  if (!DTYPES.includes(type) || !ArrayBuffer.isView(data)) {
    throw new TypeError(`Cannot hand out output "${name}" as its type is not supported: "${type}"`);
  }
  // Where Node has a Float16Array ONNX Runtime uses it; outside this thread float16 is its bits.
  const array = type === "float16" ? bits(data) : data;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { dtype: type as TensorDtype, shape: dims, data: array as TensorArray };
}

function bits(data: ArrayBufferView): Uint16Array {
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
}

function reply(message: SessionReply): void {
  const buffers =
    message.type === "run-end"
      ? Object.values(message.outputs).map((output) => output.data.buffer)
      : [];
  // An output that is a view of another's buffer must not be handed over twice.
  port.postMessage(
    message,
    [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer),
  );
}
