import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  TensorProto_DataType,
  type ValueInfoProtoSchema,
} from "@medv/proto/onnx";
import { VisionEncoder } from "@medv/proto/vision";
import { afterEach, expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { startService } from "./service.ts";
import { SessionWorker, type SessionWorkerOptions } from "./session_worker.ts";
import { healthClient } from "./testing/check_health.ts";
import type { TensorData } from "./tensor_data.ts";

const NEVER = new AbortController().signal;
const SIDE = 1024;
const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

test("SessionWorker runs a graph and leaves the feeds as they are", async () => {
  const worker = await start(chain("Add", 1));
  const x = float32([1, 2], [1, 2, 3, 4].slice(0, 2));
  const { y } = await worker.run({ x }, NEVER);
  expect(y).toEqual(float32([1, 2], [2, 4]));
  expect([...x.data]).toEqual([1, 2]);
});

test.each([
  { dtype: "float16", type: TensorProto_DataType.FLOAT16, data: new Uint16Array([0x3c00, 0x4000]) },
  { dtype: "float64", type: TensorProto_DataType.DOUBLE, data: new Float64Array([1, 2]) },
  { dtype: "int64", type: TensorProto_DataType.INT64, data: new BigInt64Array([1n, -2n]) },
  { dtype: "int32", type: TensorProto_DataType.INT32, data: new Int32Array([1, -2]) },
  { dtype: "uint8", type: TensorProto_DataType.UINT8, data: new Uint8Array([1, 200]) },
  { dtype: "bool", type: TensorProto_DataType.BOOL, data: new Uint8Array([1, 0]) },
] as const)("SessionWorker carries $dtype both ways", async ({ dtype, type, data }) => {
  const worker = await start(chain("Identity", 1, type));
  const x: TensorData = { dtype, shape: [1, 2], data };
  expect((await worker.run({ x }, NEVER))["y"]).toEqual(x);
});

test("SessionWorker.run() sends a view alone, not the buffer behind it", async () => {
  const worker = await start(chain("Identity", 1));
  const data = new Float32Array([9, 9, 1, 2, 9]).subarray(2, 4);
  expect((await worker.run({ x: { dtype: "float32", shape: [1, 2], data } }, NEVER))["y"]).toEqual(
    float32([1, 2], [1, 2]),
  );
  expect(data.byteLength).toBe(8);
});

test("SessionWorker.run() leaves the memory that a Buffer shares alone", async () => {
  const worker = await start(chain("Identity", 1, TensorProto_DataType.UINT8));
  const data = Buffer.from("xyz").subarray(1);
  const { y } = await worker.run({ x: { dtype: "uint8", shape: [1, 2], data } }, NEVER);
  expect(y?.data).toEqual(new Uint8Array([121, 122]));
  expect(data.toString()).toBe("yz");
});

test("SessionWorker.start() says what ONNX Runtime does not like", async () => {
  await expect(start(new Uint8Array([1, 2, 3]))).rejects.toThrow(
    "Cannot load the graph as ONNX Runtime refuses it",
  );
});

test("SessionWorker.run() fails for wrong feeds and works again afterwards", async () => {
  const worker = await start(chain("Add", 1));
  await expect(worker.run({ z: float32([1, 1], [1]) }, NEVER)).rejects.toMatchObject({
    code: "internal",
  });
  const { y } = await worker.run({ x: float32([1, 1], [4]) }, NEVER);
  expect(y?.data[0]).toBe(8);
});

test("SessionWorker.run() refuses feeds whose buffer is gone and works again afterwards", async () => {
  const worker = await start(chain("Add", 1));
  const gone = float32([1, 2], [1, 2]);
  structuredClone(gone.data, { transfer: [gone.data.buffer as ArrayBuffer] });
  await expect(worker.run({ x: gone }, NEVER)).rejects.toThrow(TypeError);
  expect((await worker.run({ x: float32([1, 1], [4]) }, NEVER))["y"]?.data[0]).toBe(8);
});

test("health answers in under 50 ms (median) while a long run is under way", async () => {
  const worker = await start(chain("MatMul", 80));
  const service = await startService(VisionEncoder, {
    address: "127.0.0.1:0",
    addressVariable: "MEDV_VISION_ADDRESS",
    logger: createLogger({ service: "test", level: "silent" }),
  });
  const health = healthClient(service.port);
  cleanUp.push(
    () => service.drain(),
    () => health.close(),
  );
  await health.check("");
  const state = { running: true };
  const run = worker.run({ x: square() }, NEVER).finally(() => {
    state.running = false;
  });
  const waits: number[] = [];
  while (state.running) {
    const startedAt = performance.now();
    expect(await health.check("")).toBe(1);
    if (state.running) waits.push(performance.now() - startedAt);
    await sleep(20);
  }
  await run;
  const median = waits.toSorted((a, b) => a - b)[waits.length >> 1] ?? Infinity;
  expect(waits.length).toBeGreaterThan(5);
  expect(median).toBeLessThan(50);
});

test("an aborted signal drops a run that waits, and rejects one under way at once", async () => {
  const worker = await start(chain("MatMul", 20));
  const [first, second] = [new AbortController(), new AbortController()];
  const ended: string[] = [];
  const note = (name: string) => (error: unknown) => {
    ended.push(`${name}: ${String(error)}`);
  };
  const runs = [
    worker.run({ x: square() }, first.signal).catch(note("first")),
    worker.run({ x: square() }, second.signal).catch(note("second")),
  ];
  const third = worker
    .run({ x: float32([1, SIDE], Array(SIDE).fill(0)) }, NEVER)
    .catch(note("third"));
  await sleep(20);
  second.abort("second gone");
  first.abort("first gone");
  await Promise.all(runs);
  expect(ended).toEqual(["second: second gone", "first: first gone"]);
  // MatMul of [1, side] by itself does not fit: the thread is alive, and says so after the run that nobody waits for.
  await third;
  expect(ended[2]).toContain("third: DomainError");
  await expect(worker.run({ x: square() }, AbortSignal.abort("early"))).rejects.toBe("early");
});

test("SessionWorker.release() lets the run under way end and refuses the rest", async () => {
  const worker = await start(chain("MatMul", 10));
  const running = worker.run({ x: square() }, NEVER);
  const waiting = worker.run({ x: square() }, NEVER).catch((error: unknown) => error);
  await sleep(20);
  const released = Promise.all([worker.release(), worker.release()]);
  expect(await waiting).toMatchObject({ code: "unavailable" });
  expect((await running)["y"]?.shape).toEqual([SIDE, SIDE]);
  await released;
  await expect(worker.run({ x: square() }, NEVER)).rejects.toMatchObject({ code: "unavailable" });
});

async function start(model: Uint8Array): Promise<SessionWorker> {
  const options: SessionWorkerOptions = { model, threads: 1, device: "cpu" };
  const worker = await SessionWorker.start(options);
  cleanUp.push(() => worker.release());
  return worker;
}

/** `y`: an operator applied `count` times to `x` `[a, b]`, to itself and `x` where it takes two inputs. */
function chain(
  opType: string,
  count: number,
  elemType: TensorProto_DataType = TensorProto_DataType.FLOAT,
): Uint8Array {
  const dim = ["a", "b"].map((value) => ({ value: { case: "dimParam" as const, value } }));
  const port = (name: string): MessageInitShape<typeof ValueInfoProtoSchema> => ({
    name,
    type: {
      value: { case: "tensorType", value: { elemType, shape: { dim } } },
    },
  });
  const node = Array.from({ length: count }, (_, i) => {
    const input = i === 0 ? "x" : `x${i}`;
    const output = [i === count - 1 ? "y" : `x${i + 1}`];
    return {
      opType,
      input: opType === "Identity" ? [input] : [input, i === 0 ? input : "x"],
      output,
    };
  });
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: 20n }],
    graph: { name: "chain", node, input: [port("x")], output: [port("y")] },
  });
  return toBinary(ModelProtoSchema, model);
}

function float32(shape: number[], values: number[]): TensorData {
  return { dtype: "float32", shape, data: new Float32Array(values) };
}

function square(): TensorData {
  return { dtype: "float32", shape: [SIDE, SIDE], data: new Float32Array(SIDE * SIDE) };
}
