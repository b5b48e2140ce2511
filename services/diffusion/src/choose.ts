import { coveredCanvas, givenCanvas, spliced, type Canvas } from "./canvas.ts";
import { NO_RULES, type DecoderRow } from "./decoder_row.ts";
import type { DenoiseRequest, RunRow } from "./denoise.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import type { TemplateLength } from "./length_plan.ts";
import { widthOf, widthOfAll, type ChoiceGap } from "./template.ts";
import { viewOf } from "./view.ts";

/** The first gap of a template that is still to be filled with a choice. */
export type OpenChoice = {
  readonly gap: ChoiceGap;
  readonly index: number;
  /** Its first position, and the one after its last. */
  readonly start: number;
  readonly end: number;
};

/** Finds it; undefined where every choice is made. */
export function openChoice({ parts }: TemplateLength): OpenChoice | undefined {
  const index = parts.findIndex(({ type }) => type === "choice");
  const gap = parts[index];
  if (gap?.type !== "choice") return undefined;
  const start = widthOfAll(parts.slice(0, index));
  return { gap, index, start, end: start + widthOf(gap) };
}

/** The canvas of a template of which nothing is filled; a choice is as wide as its longest option. */
export function templateCanvas({ parts }: TemplateLength, maskId: number): Canvas {
  const empty = coveredCanvas(0, maskId);
  return parts.reduce((canvas, part) => {
    const end = canvas.tokenIds.length;
    const isFixed = part.type === "fixed";
    const piece = isFixed ? givenCanvas(part.ids) : coveredCanvas(widthOf(part), maskId);
    return spliced(canvas, { start: end, end, piece });
  }, empty);
}

/**
 * Fills a gap with its likeliest option: one full forward for each, the gap covered and as wide as the option, and the mean
 * of its tokens' log-probabilities decides, the first among equals.
 *
 * @throws The signal's reason.
 */
export async function choose(
  run: RunRow,
  options: {
    readonly request: DenoiseRequest;
    readonly plan: TemplateLength;
    readonly canvas: Canvas;
    readonly choice: OpenChoice;
  },
  signal: AbortSignal,
): Promise<{
  readonly canvas: Canvas;
  readonly start: number;
  readonly settings: DenoiseSettings;
}> {
  const { request, plan, canvas, choice } = options;
  const { gap, start, end } = choice;
  const results = await Promise.all(
    gap.options.map((ids) => run(askingRow(request, canvas, { start, end, ids }), signal)),
  );
  const confidences = results.map(({ asked }, index) =>
    asked.slice(0, gap.options[index]?.length).map((each) => (each > LEAST ? each : LEAST)),
  );
  const scores = confidences.map(meanLog);
  const best = scores.indexOf(Math.max(...scores));
  const ids = gap.options[best] ?? [];
  const made = givenCanvas(ids);
  made.commitStep.fill(canvas.step);
  made.commitConfidence.set(confidences[best] ?? []);
  const next = spliced(canvas, { start, end, piece: made });
  return {
    canvas: { ...next, step: canvas.step + results.length },
    start: start + ids.length,
    settings: withChoice(request.settings, plan, { choice, ids }),
  };
}

/** A row that commits nothing and says how probable an option is in its gap. */
function askingRow(
  request: DenoiseRequest,
  canvas: Canvas,
  {
    start,
    end,
    ids,
  }: { readonly start: number; readonly end: number; readonly ids: readonly number[] },
): DecoderRow {
  const piece = coveredCanvas(ids.length, request.maskId);
  const asking = spliced(canvas, { start, end, piece });
  const block = { start, end: start + ids.length, quota: [0] };
  const { row } = viewOf(request, asking, block);
  return { ...row, askedIds: ids, shadow: [], rules: NO_RULES };
}

/** The template with the choice as given text; what follows it moves up where the option is a short one. */
function withChoice(
  settings: DenoiseSettings,
  plan: TemplateLength,
  { choice, ids }: { readonly choice: OpenChoice; readonly ids: readonly number[] },
): DenoiseSettings {
  const parts = plan.parts.with(choice.index, { type: "fixed", ids });
  const shorter = choice.end - choice.start - ids.length;
  return { ...settings, minTokens: settings.minTokens - shorter, plan: { ...plan, parts } };
}

/** Stands for a probability that float32 cannot hold, or that there is none of as every token is forbidden. */
const LEAST = 2 ** -149;

function meanLog(probabilities: Float32Array): number {
  return probabilities.reduce((total, each) => total + Math.log(each), 0) / probabilities.length;
}
