import { NO_RULES, type DecoderRow } from "../decoder_row.ts";

/** A row of ten places, the last five of them active, for a refresh and one inner step. */
export function row(seed: number, change: Partial<DecoderRow> = {}): DecoderRow {
  return {
    tokenIds: new Int32Array(10),
    positions: new Int32Array(10),
    embeddings: { data: new Float32Array(), tokens: 0, hidden: 1 },
    imageRow: new Int32Array(),
    imageWeight: new Float32Array(),
    taps: 1,
    activeStart: 5,
    activeEnd: 10,
    askedIds: [],
    shadow: [],
    blockEnd: 10,
    canvasStart: 5,
    canvasEnd: 10,
    quota: [1, 1],
    commitLimit: 100,
    rules: NO_RULES,
    doubt: 0,
    temperature: 0,
    randomRemasking: false,
    seed,
    stepOffset: 0,
    forbiddenIds: [],
    eotFrom: 0,
    cfgScale: 0,
    stopSequences: [],
    stop: 0,
    ...change,
  };
}
