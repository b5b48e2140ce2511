// Runs in a thread of its own: `session.run` holds its thread's event loop until the run ends.
import { parentPort, type Transferable, workerData } from "node:worker_threads";
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

// ONNX Runtime 1.30 makes Float16Arrays where the engine has them, and its binding then finds no bytes in them. Without
// the class, which nothing else in this thread needs, it takes and gives the bits as a Uint16Array.
Reflect.deleteProperty(globalThis, "Float16Array");

if (parentPort === null) throw new Error("Cannot start a session thread outside of a worker");
const port = parentPort;

// Only SessionWorker starts this file, and it passes SessionOptions.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const options = workerData as SessionOptions;
try {
  const session = await openSession(options);
  port.on("message", (request: SessionRequest) => void answer(session, request));
  reply({ type: "loaded" });
} catch (error) {
  reply({ type: "load-error", message: messageOf(error) });
}

function openSession({
  model,
  externalDataFolder,
  threads,
  device,
}: SessionOptions): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Without VNNI, sums of two 8-bit products overflow 16 bits; this takes the slower exact way there, and only there.
        x64quantprecision: "1",
        ...(externalDataFolder !== undefined && {
          model_external_initializers_file_folder_path: externalDataFolder,
        }),
      },
    },
  });
}

async function answer(session: InferenceSession, request: SessionRequest): Promise<void> {
  try {
    if (request.type === "run") {
      const outputs = read(await session.run(feeds(request.feeds)));
      reply({ type: "run-end", outputs }, buffers(outputs));
    } else {
      await session.release();
      // Nothing else keeps the thread alive.
      port.close();
    }
  } catch (error) {
    reply({ type: "run-error", message: messageOf(error) });
  }
}

function feeds(tensors: NamedTensors): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, data, shape }]) => [
      name,
      // The constructor is overloaded per dtype; it checks the pair itself.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      new Tensor(dtype as "float32", data as Float32Array, shape),
    ]),
  );
}

function read(tensors: InferenceSession.OnnxValueMapType): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, dims, data }]) => {
      if (!isDtype(type)) throw new TypeError(`Cannot read output "${name}" of type ${type}`);
      // The binding makes the array that belongs to the dtype.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return [name, { dtype: type, shape: dims, data: data as TensorArray }];
    }),
  );
}

function buffers(tensors: NamedTensors): Transferable[] {
  const all = Object.values(tensors).map(({ data }) => data.buffer);
  return [...new Set(all)].filter((buffer) => buffer instanceof ArrayBuffer);
}

function reply(message: SessionReply, transfer: readonly Transferable[] = []): void {
  port.postMessage(message, transfer);
}

function isDtype(type: string): type is TensorDtype {
  return DTYPES.includes(type);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
