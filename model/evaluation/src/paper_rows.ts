/** A row of one of the paper's tables; a cell that it leaves open is `undefined`. */
export type PaperRow = {
  readonly model: string;
  readonly values: readonly (number | undefined)[];
};

/** Data sets of the paper's second table. */
export type VqaName = "vqa-rad" | "slake" | "pathvqa";

/** Open recall and closed accuracy in percent, after training on each data set's own questions. */
const VQA: readonly (readonly [model: string, values: readonly (number | undefined)[]])[] = [
  ["LLaVA", [50.0, 65.07, 78.18, 63.22, 7.74, 63.2]],
  ["LLaVA-Med (from LLaVA)", [61.52, 84.19, 83.08, 85.34, 37.95, 91.21]],
  ["VL Encoder–Decoder", [71.49, 82.47, undefined, undefined, 71.49, 85.61]],
  ["Q2ATransformer", [79.19, 82.47, undefined, undefined, 54.85, 88.85]],
  ["Prefix T. Medical LM", [undefined, undefined, 84.3, 82.01, 40.0, 87.0]],
  ["PubMedCLIP", [60.1, 80.0, 78.4, 82.5, undefined, undefined]],
  ["BiomedCLIP", [67.6, 79.8, 82.05, 89.7, undefined, undefined]],
  ["M2I2", [66.5, 83.5, 74.7, 91.1, 36.3, 88.0]],
  ["LLaDA-MedV", [45.6, 84.93, 68.85, 92.31, 31.96, 95.15]],
];

const FIRST_COLUMN = { "vqa-rad": 0, slake: 2, pathvqa: 4 } as const;

/**
 * The paper's second table, for one data set.
 *
 * @returns `[open recall, closed accuracy]` of every model that has them.
 * @see {@link https://arxiv.org/abs/2508.01617 | LLaDA-MedV}, Table 2
 */
export function paperVqaRows(data: VqaName): readonly PaperRow[] {
  const first = FIRST_COLUMN[data];
  return VQA.map(([model, values]) => ({ model, values: values.slice(first, first + 2) })).filter(
    ({ values }) => values.some((value) => value !== undefined),
  );
}

/** Columns of {@link PAPER_CHAT_ROWS}. */
export const CHAT_GROUPS = [
  "Conversation",
  "Description",
  "CXR",
  "MRI",
  "Histology",
  "Gross",
  "CT",
  "Overall",
] as const;

/**
 * Judged conversation, relative to the reference answers (100 = as good); columns as {@link CHAT_GROUPS}. The row of
 * LLaVA is as printed, though its groups do not give its overall score.
 *
 * @see {@link https://arxiv.org/abs/2508.01617 | LLaDA-MedV}, Table 1
 */
export const PAPER_CHAT_ROWS: readonly PaperRow[] = (
  [
    ["LLaMA", [27.85, 27.75, 33.505, 23.841, 24.684, 31.764, 26.458, 27.824]],
    ["LLaVA", [43.509, 29.671, 45.935, 41.761, 42.726, 33.905, 33.4, 34.653]],
    ["LLaVA-Med", [51.75, 24.73, 40.819, 39.928, 51.452, 48.88, 42.083, 44.75]],
    ["Med-Flamingo", [16.339, 13.702, 16.238, 17.502, 15.823, 13.311, 15.174, 15.656]],
    ["MedVLM-R1", [52.774, 42.663, 52.944, 49.159, 53.801, 53.122, 41.984, 50.154]],
    ["Qwen-RL-Med", [46.408, 40.016, 50.225, 41.181, 50.081, 41.929, 39.618, 44.752]],
    ["Qwen-VL", [51.546, 40.143, 58.929, 43.186, 51.344, 47.106, 42.401, 48.592]],
    ["RetinalGPT", [20.535, 13.349, 19.477, 15.722, 21.839, 17.875, 17.932, 18.673]],
    ["LLaDA-V", [53.574, 42.627, 57.545, 38.445, 64.191, 49.055, 42.753, 50.738]],
    ["LLaDA-MedV", [54.141, 48.214, 64.352, 47.348, 51.073, 50.432, 50.268, 52.605]],
  ] as const
).map(([model, values]) => ({ model, values }));
