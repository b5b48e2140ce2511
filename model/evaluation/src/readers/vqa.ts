import { join } from "node:path";
import { z } from "zod";
import type { VqaName } from "../paper_rows.ts";
import { findFile } from "./find_file.ts";
import { type Items, readItems } from "./read_items.ts";

/** A question about an image with the answer that counts as right. */
export type VqaItem = {
  readonly id: string;
  readonly image: string;
  readonly question: string;
  readonly answer: string;
  readonly answerType: "OPEN" | "CLOSED";
};

/** Where the converted and the original forms keep their images. */
const IMAGE_FOLDERS = ["images", "imgs", "VQA_RAD Image Folder", "."];

const idSchema = z.union([z.string(), z.number()]).transform(String);
const textSchema = z.union([z.string(), z.number()]).transform((value) => String(value).trim());
const answerSchema = textSchema.refine((value) => value !== "", "it is empty");
// One of the original files has a blank after some of its values.
const answerTypeSchema = z
  .string()
  .transform((value) => value.trim().toUpperCase())
  .pipe(z.enum(["OPEN", "CLOSED"]));

const turnSchema = z.object({ from: z.string(), value: z.string() });
const converted = z
  .object({
    id: idSchema,
    image: z.string(),
    conversations: z.array(turnSchema).min(2),
    answer_type: answerTypeSchema,
  })
  .transform(
    ({ id, image, conversations: [question, reply], answer_type: answerType }, context) => {
      if (question?.from !== "human" || reply?.from !== "gpt") {
        context.addIssue({ code: "custom", message: "it must begin with human, gpt" });
        return z.NEVER;
      }
      return {
        id,
        image,
        question: withoutImage(question.value),
        answer: reply.value.trim(),
        answerType,
      };
    },
  )
  .refine((item) => item.answer !== "", {
    message: "the answer is empty",
    path: ["conversations"],
  });

const slake = z
  .object({
    qid: idSchema,
    img_name: z.string(),
    question: textSchema,
    answer: answerSchema,
    answer_type: answerTypeSchema,
    q_lang: z.string(),
  })
  .transform(({ qid, img_name: image, answer_type: answerType, q_lang: language, ...rest }) =>
    language === "en" ? { id: qid, image, answerType, ...rest } : undefined,
  );

const vqaRad = z
  .object({
    qid: idSchema,
    image_name: z.string(),
    question: textSchema,
    answer: answerSchema,
    answer_type: answerTypeSchema,
    phrase_type: z.string().optional(),
  })
  .transform(({ qid, image_name: image, answer_type: answerType, phrase_type: phrase, ...rest }) =>
    // One file holds both splits; the test split's phrases are named for it.
    phrase === undefined || phrase.startsWith("test")
      ? { id: qid, image, answerType, ...rest }
      : undefined,
  );

/** The original form of a data set, and the member that tells it from the converted one. */
const ORIGINALS = {
  "vqa-rad": ["image_name", vqaRad],
  slake: ["img_name", slake],
  pathvqa: undefined,
} as const;

/**
 * Reads VQA-RAD, SLAKE or PathVQA in LLaVA-Med's converted form; the first two also as they were published.
 *
 * @param path The data set's folder or its file.
 * @throws {Error} If no file is found.
 */
export async function readVqa(data: VqaName, path: string): Promise<Items<VqaItem>> {
  const { file, folder } = await findFile(path, "test.json", ".json");
  const original = ORIGINALS[data];
  return await readItems(file, {
    convert: (value): VqaItem | undefined =>
      original !== undefined && hasMember(value, original[0])
        ? original[1].parse(value)
        : converted.parse(value),
    folders: IMAGE_FOLDERS.map((name) => join(folder, name)),
  });
}

/** The question alone: the image stands apart from it in a request. */
export function withoutImage(question: string): string {
  return question.replace("<image>", "").trim();
}

function hasMember(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}
