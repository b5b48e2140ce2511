import { z } from "zod";
import { findFile } from "./find_file.ts";
import { type Items, readItems } from "./read_items.ts";

const qa = z.object({
  question: z.string().min(1),
  answer: z.string().min(1),
  answer_type: z.enum(["OPEN", "CLOSED"]),
  topic: z.string().optional(),
});

const schema = z.object({
  id: z.string().min(1),
  image: z.string().min(1),
  modality: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()).nullable(),
  questions: z.array(qa),
  dialogue: z.array(qa),
  descriptions: z.array(z.object({ question: z.string().min(1), answer: z.string().min(1) })),
});

/** A drawn image with its questions; without facts it is an image of something else. */
export type PhantomItem = z.output<typeof schema>;

/**
 * Reads what `npm run phantoms` wrote.
 *
 * @param path The folder or its `phantoms.jsonl`.
 * @throws {Error} If no file is found.
 */
export async function readPhantoms(path: string): Promise<Items<PhantomItem>> {
  const { file, folder } = await findFile(path, "phantoms.jsonl", ".jsonl");
  return await readItems(file, { convert: (value) => schema.parse(value), folders: [folder] });
}
