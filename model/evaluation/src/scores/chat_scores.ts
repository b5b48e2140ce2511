import type { ChatItem } from "../readers/llava_med_chat.ts";
import type { JudgeScores } from "../judge/parse_reply.ts";
import { mean } from "./mean.ts";

/** The file's own words for each of the paper's columns. */
const DOMAINS: readonly (readonly [column: string, domain: string])[] = [
  ["CXR", "chest_xray"],
  ["MRI", "mri"],
  ["Histology", "histology"],
  ["Gross", "gross"],
  ["CT", "ct_scan"],
];

/**
 * Scores relative to the reference answers in the columns of the paper's first table: 100 is as good as the reference.
 *
 * @param scoresOf What the judge gave; undefined where there is no reply to read.
 * @returns The mean of `100 * candidate / reference` by column.
 */
export function chatScores(
  items: readonly ChatItem[],
  scoresOf: (id: string) => JudgeScores | undefined,
): ReadonlyMap<string, number | undefined> {
  const relative = items.flatMap((item) => {
    const scores = scoresOf(item.id);
    return scores === undefined
      ? []
      : [{ item, score: (100 * scores.candidate) / scores.reference }];
  });
  const group = (holds: (item: ChatItem) => boolean): number | undefined =>
    mean(relative.filter(({ item }) => holds(item)).map(({ score }) => score));
  return new Map([
    ["Conversation", group((item) => !isDescription(item))],
    ["Description", group(isDescription)],
    ...DOMAINS.map(
      ([column, domain]) => [column, group(({ domains }) => domains.includes(domain))] as const,
    ),
    ["Overall", group(() => true)],
  ]);
}

/** The file knows two types, whose spelling differs between its copies. */
function isDescription({ type }: ChatItem): boolean {
  return /desc|detail/i.test(type);
}
