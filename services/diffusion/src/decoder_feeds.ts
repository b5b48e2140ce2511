import type { TensorData } from "@medv/runtime/tensor_data";
import { coveredPlaces } from "./covered_again.ts";
import type { DecoderRow, RowResult } from "./decoder_row.ts";

/** Tensors of one run, by name. */
export type Tensors = Record<string, TensorData>;

/**
 * Feeds of answers that run together, each padded to the longest; classifier-free guidance gives an answer a second row
 * without the prompt, right after its own.
 */
export function decoderFeeds(answers: readonly DecoderRow[], maskId: number): Tensors {
  const rows = answers.flatMap((row) =>
    row.cfgScale > 0 ? [row, withoutPrompt(row, maskId)] : [row],
  );
  const sequence = longest(rows, ({ tokenIds }) => tokenIds.length);
  const active = longest(rows, ({ activeStart, activeEnd }) => activeEnd - activeStart);
  const shadow = longest(rows, (row) => row.shadow.length);
  const schedule = longest(rows, ({ quota }) => quota.length);
  const forbidden = longest(rows, ({ forbiddenIds }) => forbiddenIds.length);
  const stops = Math.max(
    1,
    longest(rows, ({ stopSequences }) => stopSequences.length),
  );
  const width = Math.max(
    1,
    longest(rows, ({ stopSequences }) => longest(stopSequences, (stop) => stop.length)),
  );
  const taps = longest(rows, (row) => row.taps);
  const whole = (shape: number[], fill: number, of: (row: DecoderRow) => ArrayLike<number>) =>
    integers([rows.length, ...shape], rows, fill, of);
  const each = (of: (row: DecoderRow) => number) => whole([], 0, (row) => [of(row)]);
  const floats = (of: (row: DecoderRow) => number): TensorData => ({
    dtype: "float32",
    shape: [rows.length],
    data: Float32Array.from(rows, of),
  });
  return {
    token_ids: whole([sequence], maskId, ({ tokenIds }) => tokenIds),
    ...imageFeeds(rows, sequence, taps),
    positions: whole([sequence], 0, ({ positions }) => positions),
    length: each(({ tokenIds }) => tokenIds.length),
    active: whole([active], -1, activePlaces),
    asked: whole([active], 0, ({ askedIds }) => askedIds),
    shadow: whole([shadow], -1, (row) => row.shadow),
    block_end: each((row) => row.blockEnd),
    canvas_start: each((row) => row.canvasStart),
    canvas_end: each((row) => row.canvasEnd),
    quota: whole([schedule], 0, ({ quota }) => quota),
    step_limit: each(({ quota }) => quota.length),
    commit_limit: each((row) => row.commitLimit),
    factor: floats(({ rules }) => rules.factor),
    threshold: floats(({ rules }) => rules.threshold),
    risk: floats(({ rules }) => rules.risk),
    entropy: floats(({ rules }) => rules.entropy),
    doubt: floats((row) => row.doubt),
    temperature: floats((row) => row.temperature),
    random_remasking: flags(
      [rows.length],
      rows.map(({ randomRemasking }) => (randomRemasking ? 1 : 0)),
    ),
    seed: each((row) => row.seed),
    step_offset: each((row) => row.stepOffset),
    // A row with fewer forbids one of its own twice.
    forbidden: whole([forbidden], 0, ({ forbiddenIds }) =>
      Array.from({ length: forbidden }, (_, index) => forbiddenIds[index] ?? forbiddenIds[0] ?? 0),
    ),
    eot_from: each((row) => row.eotFrom),
    cfg_scale: floats((row) => row.cfgScale),
    ...partnerFeeds(answers),
    stop_sequences: whole([stops, width], -1, ({ stopSequences }) =>
      stopSequences.flatMap((stop) => Array.from({ length: width }, (_, i) => stop[i] ?? -1)),
    ),
    stop: each((row) => row.stop),
    steps: { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(schedule - 1)) },
  };
}

/**
 * What each answer gets of a run's outputs: its own rows, cut to its own lengths.
 *
 * @param outputs As `blockDecoderModel()` names them, `[rows, …]` each.
 * @throws {TypeError} If an output is missing or of another dtype.
 */
export function rowResults(outputs: Tensors, answers: readonly DecoderRow[]): readonly RowResult[] {
  let next = 0;
  return answers.map((row) => {
    const index = next;
    next += row.cfgScale > 0 ? 2 : 1;
    const length = row.tokenIds.length;
    const active = row.activeEnd - row.activeStart;
    const shadow = row.shadow.length;
    const int = (name: string, count: number): Int32Array =>
      Int32Array.from(rowOf(int64(outputs, name), index, count), Number);
    const one = (name: string): number => Number(rowOf(int64(outputs, name), index, 1)[0] ?? 0n);
    const float = (name: string, count: number): Float32Array =>
      rowOf(float32(outputs, name), index, count);
    return {
      tokenIds: int("canvas_ids", length),
      commitStep: int("commit_step", length),
      commitConfidence: float("commit_confidence", length),
      prediction: int("prediction", active),
      confidence: float("confidence", active),
      asked: float("asked_confidence", active),
      stop: one("stop_position"),
      forwardPasses: one("forward_passes"),
      revisions: one("revisions"),
      coveredAgain: coveredPlaces(row.shadow, {
        tokenIds: int("covered_ids", shadow),
        commitStep: int("covered_commit_step", shadow),
        commitConfidence: float("covered_confidence", shadow),
        coveredStep: int("covered_step", shadow),
      }),
    };
  });
}

function activePlaces({ activeStart, activeEnd }: DecoderRow): number[] {
  return Array.from({ length: activeEnd - activeStart }, (_, index) => activeStart + index);
}

/** The row that classifier-free guidance compares with: the prompt covered, its images gone. */
function withoutPrompt(row: DecoderRow, maskId: number): DecoderRow {
  const tokenIds = row.tokenIds.slice();
  tokenIds.fill(maskId, 0, row.canvasStart);
  return { ...row, tokenIds, imageRow: new Int32Array(), imageWeight: new Float32Array() };
}

function imageFeeds(rows: readonly DecoderRow[], sequence: number, taps: number): Tensors {
  // Rows of one answer share its embedding.
  const offsets = new Map<DecoderRow["embeddings"], number>();
  let tokens = 0;
  for (const { embeddings } of rows) {
    if (offsets.has(embeddings)) continue;
    offsets.set(embeddings, tokens);
    tokens += embeddings.tokens;
  }
  const hidden = rows[0]?.embeddings.hidden ?? 0;
  const data = new Float32Array(Math.max(tokens, 1) * hidden);
  for (const [embeddings, offset] of offsets) data.set(embeddings.data, offset * hidden);

  const imageRow = new BigInt64Array(rows.length * sequence * taps).fill(-1n);
  const imageWeight = new Float32Array(imageRow.length);
  rows.forEach((row, index) => {
    const offset = offsets.get(row.embeddings) ?? 0;
    row.imageRow.forEach((source, place) => {
      const at = (index * sequence + Math.floor(place / row.taps)) * taps + (place % row.taps);
      imageRow[at] = BigInt(source < 0 ? source : source + offset);
      imageWeight[at] = row.imageWeight[place] ?? 0;
    });
  });
  const shape = [rows.length, sequence, taps];
  return {
    embedding: { dtype: "float32", shape: [Math.max(tokens, 1), hidden], data },
    image_row: { dtype: "int64", shape, data: imageRow },
    image_weight: { dtype: "float32", shape, data: imageWeight },
  };
}

/** Rows whose logits are combined; without guidance a row is its own partner. */
function partnerFeeds(answers: readonly DecoderRow[]): Tensors {
  const conditional: bigint[] = [];
  const unconditional: bigint[] = [];
  for (const { cfgScale } of answers) {
    const own = conditional.length;
    const count = cfgScale > 0 ? 2 : 1;
    for (let row = 0; row < count; row++) {
      conditional.push(BigInt(own));
      unconditional.push(BigInt(own + count - 1));
    }
  }
  return { conditional: int64Tensor(conditional), unconditional: int64Tensor(unconditional) };
}

function int64Tensor(values: readonly bigint[]): TensorData {
  return { dtype: "int64", shape: [values.length], data: BigInt64Array.from(values) };
}

function flags(shape: readonly number[], values: readonly number[]): TensorData {
  return { dtype: "bool", shape, data: Uint8Array.from(values) };
}

function integers(
  shape: readonly number[],
  rows: readonly DecoderRow[],
  fill: number,
  of: (row: DecoderRow) => ArrayLike<number>,
): TensorData {
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  const data = new BigInt64Array(rows.length * size).fill(BigInt(fill));
  rows.forEach((row, index) => {
    const values = of(row);
    for (let place = 0; place < values.length; place++) {
      data[index * size + place] = BigInt(values[place] ?? fill);
    }
  });
  return { dtype: "int64", shape, data };
}

function longest<T>(items: readonly T[], length: (item: T) => number): number {
  return items.reduce((most, item) => Math.max(most, length(item)), 0);
}

/** The first `count` numbers of a row; the tensor's rows are as long as the longest answer's. */
function rowOf<T extends BigInt64Array | Float32Array>(
  { data, rows }: { readonly data: T; readonly rows: number },
  index: number,
  count: number,
): T {
  const width = data.length / rows;
  // A slice of a typed array is one of its own kind.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return data.slice(index * width, index * width + count) as T;
}

function int64(outputs: Tensors, name: string): { data: BigInt64Array; rows: number } {
  const tensor = outputs[name];
  if (!(tensor?.data instanceof BigInt64Array))
    throw new TypeError(`Cannot read output "${name}" as int64`);
  return { data: tensor.data, rows: tensor.shape[0] ?? 1 };
}

function float32(outputs: Tensors, name: string): { data: Float32Array; rows: number } {
  const tensor = outputs[name];
  if (!(tensor?.data instanceof Float32Array))
    throw new TypeError(`Cannot read output "${name}" as float32`);
  return { data: tensor.data, rows: tensor.shape[0] ?? 1 };
}
