import { doubt } from "@medv/model/doubt";
import { Graph } from "@medv/model/onnx/graph";
import { transfer } from "@medv/model/transfer";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";

type Rules = {
  readonly quota?: number;
  readonly threshold?: number;
  readonly risk?: number;
  readonly entropy?: number;
  readonly factor?: number;
};

const PERROW = ["quota", "threshold", "risk", "entropy", "factor"] as const;

async function openTransfer(): Promise<InferenceSession> {
  const graph = new Graph();
  const shape = ["rows", "active"];
  const entropies = graph.input("entropies", "float32", shape);
  const commit = transfer(
    graph,
    {
      places: graph.input("places", "int64", shape),
      confidence: graph.input("confidence", "float32", shape),
      entropy: () => entropies,
      masked: graph.input("masked", "bool", shape),
      eligible: graph.input("eligible", "bool", shape),
    },
    {
      quota: graph.input("quota", "int64", ["rows"]),
      threshold: graph.input("threshold", "float32", ["rows"]),
      risk: graph.input("risk", "float32", ["rows"]),
      entropy: graph.input("entropy", "float32", ["rows"]),
      factor: graph.input("factor", "float32", ["rows"]),
    },
  );
  graph.output(commit, "commit");
  return InferenceSession.create(graph.toBytes());
}

const session = await openTransfer();

/** Which positions commit, for rows that have rules of their own in one run. */
async function committed(
  confidence: readonly number[],
  rows: readonly Rules[],
  { entropies = confidence.map(() => 0), closed = [] as readonly number[] } = {},
): Promise<number[][]> {
  const width = confidence.length;
  const repeat = <T>(values: readonly T[]): T[] => rows.flatMap(() => values);
  const open = confidence.map((_, place) => (closed.includes(place) ? 0 : 1));
  const shape = [rows.length, width];
  const off = { quota: 1, threshold: 2, risk: 0, entropy: -1, factor: -1 };
  const places = confidence.map((_, place) => BigInt(place));
  const feeds: Record<string, Tensor> = {
    places: new Tensor("int64", BigInt64Array.from(repeat(places)), shape),
    confidence: new Tensor("float32", Float32Array.from(repeat(confidence)), shape),
    entropies: new Tensor("float32", Float32Array.from(repeat(entropies)), shape),
    masked: new Tensor("bool", Uint8Array.from(repeat(open)), shape),
    eligible: new Tensor("bool", Uint8Array.from(repeat(open)), shape),
  };
  for (const rule of PERROW) {
    const values = rows.map((row) => row[rule] ?? off[rule]);
    feeds[rule] =
      rule === "quota"
        ? new Tensor("int64", BigInt64Array.from(values, BigInt), [rows.length])
        : new Tensor("float32", Float32Array.from(values), [rows.length]);
  }
  const { commit } = await session.run(feeds);
  const flags = Array.from((commit?.data ?? []) as Uint8Array, Number);
  return rows.map((_, row) =>
    flags.slice(row * width, (row + 1) * width).flatMap((flag, place) => (flag ? [place] : [])),
  );
}

const CONFIDENCE = [0.9, 0.99, 0.5, 0.95, 0.2];

test("transfer() commits the most confident positions of the schedule, the earlier among equals", async () => {
  expect(await committed(CONFIDENCE, [{ quota: 0 }, { quota: 1 }, { quota: 3 }])).toEqual([
    [],
    [1],
    [0, 1, 3],
  ]);
  expect(await committed([0.5, 0.5, 0.5], [{ quota: 2 }])).toEqual([[0, 1]]);
});

test("transfer() commits what is not below the threshold, and at least one", async () => {
  const rows = [{ threshold: 0.9 }, { threshold: 0.96 }, { threshold: 0.999 }];
  expect(await committed(CONFIDENCE, rows)).toEqual([[0, 1, 3], [1], [1]]);
});

test("transfer() commits the most confident while what they lack adds up to less than the risk", async () => {
  // 0.01, then 0.06, then 0.16, then 0.66
  const rows = [{ risk: 0.05 }, { risk: 0.07 }, { risk: 0.2 }, { risk: 0.6 }];
  expect(await committed(CONFIDENCE, rows)).toEqual([[1], [1, 3], [0, 1, 3], [0, 1, 3]]);
});

test("transfer() commits the least uncertain while the entropies but the largest stay in the bound", async () => {
  const entropies = [0.3, 0.1, 2, 0.2, 3];
  const rows = [{ entropy: 0 }, { entropy: 0.1 }, { entropy: 0.3 }, { entropy: 0.6 }];
  expect(await committed(CONFIDENCE, rows, { entropies })).toEqual([
    [1],
    [1, 3],
    [0, 1, 3],
    [0, 1, 2, 3],
  ]);
});

test("transfer() leaves what may not commit, whatever rule a row has", async () => {
  const rows = [{ quota: 5 }, { threshold: 0.1 }, { risk: 9 }, { entropy: 9 }, { factor: 100 }];
  for (const places of await committed(CONFIDENCE, rows, { closed: [1, 4] })) {
    expect(places).toEqual([0, 2, 3]);
  }
});

/** Which of a row's tokens are covered again. */
async function doubted(
  standing: readonly number[],
  { bound, commits }: { readonly bound: number; readonly commits: number },
): Promise<number[]> {
  const graph = new Graph();
  const shape = ["rows", "shadow"];
  graph.output(
    doubt(graph, graph.input("standing", "float32", shape), graph.input("settled", "bool", shape), {
      places: graph.input("places", "int64", shape),
      bound: graph.input("bound", "float32", ["rows"]),
      committed: graph.input("committed", "int64", ["rows"]),
    }),
    "doubted",
  );
  const run = await InferenceSession.create(graph.toBytes());
  const width = standing.length;
  const outputs = await run.run({
    places: new Tensor("int64", BigInt64Array.from(standing.keys(), BigInt), [1, width]),
    standing: new Tensor("float32", Float32Array.from(standing), [1, width]),
    settled: new Tensor("bool", new Uint8Array(width).fill(1), [1, width]),
    bound: new Tensor("float32", Float32Array.of(bound), [1]),
    committed: new Tensor("int64", BigInt64Array.of(BigInt(commits)), [1]),
  });
  return Array.from((outputs["doubted"]?.data ?? []) as Uint8Array).flatMap((flag, place) =>
    flag === 1 ? [place] : [],
  );
}

test.each([
  { commits: 5, bound: 0.5, expected: [1, 2, 4] },
  { commits: 3, bound: 0.5, expected: [1, 4] },
  { commits: 1, bound: 0.5, expected: [] },
  { commits: 5, bound: 0.15, expected: [4] },
])(
  "doubt() covers again what is below $bound, fewer than the $commits commits of the step",
  async ({ commits, bound, expected }) => {
    expect(await doubted([0.9, 0.2, 0.4, 0.6, 0.1], { bound, commits })).toEqual(expected);
  },
);
