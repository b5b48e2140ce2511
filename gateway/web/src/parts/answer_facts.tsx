import type { Answer } from "../conversation/conversation.ts";
import { meanConfidence } from "../fog/canvas.ts";

const CACHE_TEXTS = {
  hit: "known (cache hit)",
  miss: "encoded (cache miss)",
  none: "none",
} as const;

/** What an answer cost and how sure the model was. */
export function AnswerFacts({ answer }: { readonly answer: Answer }) {
  const { end, canvas, firstTextMs, totalMs } = answer;
  if (end === undefined || canvas === undefined) return null;
  const { completion_tokens: tokens, details } = end.usage;
  const { forward_passes: passes, decode_ms: decodeMs, image_cache: cache } = details;
  const confidence = meanConfidence(canvas, tokens);
  const facts = [
    ["First text", firstTextMs === undefined ? "–" : seconds(firstTextMs)],
    ["Whole answer", totalMs === undefined ? "–" : seconds(totalMs)],
    ["Speed", decodeMs > 0 ? `${number((tokens / decodeMs) * 1000)} tokens/s` : "–"],
    [
      "Forward passes",
      `${passes} for ${tokens} tokens (${number(tokens / Math.max(1, passes))} a step)`,
    ],
    ["Confidence", confidence === undefined ? "–" : `${Math.round(confidence * 100)} %`],
    ["Image", CACHE_TEXTS[cache]],
    ["Revised", String(details.revisions)],
  ] as const;
  return (
    <dl class="facts">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number(ms / 1000)} s`;
}

function number(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
