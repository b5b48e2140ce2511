import type { ChatItem } from "../readers/llava_med_chat.ts";

/** A message to the judge. */
export type JudgeMessage = { readonly role: "system" | "user"; readonly content: string };

const ROLE = "You compare answers about biomedical images. You are fair, exact and brief.";

const TASK = `You cannot see the image; the context is what is known of it. Rate how well each assistant answers the question.
Consider whether the answer helps, whether it speaks of what was asked, whether it is right by the context, and whether it has the detail that the question calls for.
Give each assistant one overall rating from 1 (worst) to 10 (best). Do not let the order or the length of the answers decide.
Reply with the two ratings alone on the first line, assistant 1 first, with one blank between them. From the second line on, give your reasons.`;

/** What the judge is asked about one answer; the reference is always assistant 1, as in the published protocol. */
export function judgeMessages(item: ChatItem, answer: string): readonly JudgeMessage[] {
  const content = [
    ["Context", context(item)],
    ["Question", item.question],
    ["Assistant 1", item.reference],
    ["Assistant 2", answer],
    ["Task", TASK],
  ]
    .map(([title = "", text = ""]) => `## ${title}\n\n${text}`)
    .join("\n\n");
  return [
    { role: "system", content: ROLE },
    { role: "user", content },
  ];
}

function context({ figLabel, figCaption, inTextMention }: ChatItem): string {
  const caption = [figLabel, figCaption].filter((text) => text !== "").join(": ");
  const mention = inTextMention === "" ? "" : `Mentioned in the article as: ${inTextMention}`;
  return [caption, mention].filter((text) => text !== "").join("\n");
}
