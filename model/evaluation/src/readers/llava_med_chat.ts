import { join } from "node:path";
import { z } from "zod";
import { findFile } from "./find_file.ts";
import { type Items, readItems } from "./read_items.ts";
import { withoutImage } from "./vqa.ts";

/** A question of the open-ended conversation, and what the judge may know of its image. */
export type ChatItem = {
  readonly id: string;
  readonly image: string;
  readonly question: string;
  /** Which kind of question, in the file's own words. */
  readonly type: string;
  /** Those of the file's domains that are true. */
  readonly domains: readonly string[];
  readonly figLabel: string;
  readonly figCaption: string;
  readonly inTextMention: string;
  /** The reference that every answer is measured against. */
  readonly reference: string;
};

const context = z
  .union([z.string(), z.array(z.unknown()), z.null()])
  .optional()
  .transform((value) => (typeof value === "string" ? value : flatten(value)));

const schema = z
  .object({
    question_id: z.union([z.string(), z.number()]).transform(String),
    image: z.string(),
    text: z.string().min(1),
    type: z.string(),
    domain: z.record(z.string(), z.boolean()),
    fig_label: context,
    fig_caption: context,
    in_text_mention: context,
    gpt4_answer: z.string().min(1),
  })
  .transform((line): ChatItem => ({
    id: line.question_id,
    image: line.image,
    question: withoutImage(line.text),
    type: line.type,
    domains: Object.keys(line.domain).filter((name) => line.domain[name] === true),
    figLabel: line.fig_label,
    figCaption: line.fig_caption,
    inTextMention: line.in_text_mention,
    reference: line.gpt4_answer,
  }));

/**
 * Reads the questions of LLaVA-Med's open-ended conversation.
 *
 * @param path The folder or the file.
 * @throws {Error} If no file is found.
 */
export async function readLlavaMedChat(path: string): Promise<Items<ChatItem>> {
  const { file, folder } = await findFile(path, "llava_med_eval_qa50_qa.jsonl", ".jsonl");
  return await readItems(file, {
    convert: (value) => schema.parse(value),
    folders: [join(folder, "images"), folder],
  });
}

/** Mentions may come as a list of sentences, or of objects with one. */
function flatten(value: readonly unknown[] | null | undefined): string {
  return (value ?? [])
    .map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
    .join("\n");
}
