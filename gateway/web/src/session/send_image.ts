import { ProblemError } from "../api/problem.ts";
import { discard, type Upload, upload, uploadAgain } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { session } from "./session.ts";

/** What is on its way for an image, by the image's key; whoever needs the image waits for it. */
const pending = new Map<string, Promise<Upload>>();

/** Images whose view is being moved. */
const moving = new Map<string, ChatImage>();

/** How long a view has to stand still before it is sent, in milliseconds: a slider passes through many. */
const SETTLE_MS = 250;

/**
 * The image with what the gateway made of it, sent if that was not done.
 *
 * @throws {ProblemError} What the gateway says of the image.
 */
export async function uploaded(image: ChatImage): Promise<ChatImage> {
  const made = pending.get(image.key);
  if (made !== undefined) return { ...image, upload: await made };
  if (image.upload !== undefined) return image;
  if (image.problem !== undefined) throw new ProblemError(image.problem);
  return { ...image, upload: await sendImage(image) };
}

/**
 * Sends an image, once, whoever wants it.
 *
 * @throws {ProblemError} What the gateway says of the image.
 */
export function sendImage(image: ChatImage): Promise<Upload> {
  const { key, file } = image;
  return pending.get(key) ?? inTurn(key, () => upload(file, image));
}

/**
 * Has the new view of an image made as soon as it stands still.
 *
 * @throws {ProblemError} What the gateway says of the image.
 */
export function sendView(image: ChatImage): Promise<Upload> {
  const made = moving.has(image.key) ? pending.get(image.key) : undefined;
  moving.set(image.key, image);
  return made ?? inTurn(image.key, (before) => settle(image, before));
}

/** Begins when what is on its way for the image has arrived. */
function inTurn(
  key: string,
  work: (before: Upload | undefined) => Promise<Upload>,
): Promise<Upload> {
  const before = pending.get(key)?.catch(() => undefined); // whoever sent it was told
  const run = async (): Promise<Upload> => await work(await before);
  const made = run().finally(() => {
    if (pending.get(key) === made) pending.delete(key);
  });
  pending.set(key, made);
  return made;
}

async function settle(first: ChatImage, before: Upload | undefined): Promise<Upload> {
  let image = first;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const newest = moving.get(first.key) ?? image;
    if (newest === image) break;
    image = newest;
  }
  moving.delete(first.key);
  return await showAgain(image, before ?? image.upload);
}

/** By its id, so that the file is not sent again; by its file where the gateway does not keep it any more. */
async function showAgain(image: ChatImage, before: Upload | undefined): Promise<Upload> {
  if (before === undefined) return await upload(image.file, image);
  try {
    const made = await uploadAgain(before.id, image);
    discardIfUnused(image.key, before.id);
    return made;
  } catch (error) {
    const isGone = error instanceof ProblemError && error.problem.code === "unknown_image";
    if (!isGone) throw error;
    return await upload(image.file, image);
  }
}

/** Has the gateway forget images that were taken away here, also those that are still on their way. */
export function discardUnused(images: readonly ChatImage[]): void {
  for (const { key, upload: made } of images) {
    if (made !== undefined) discardIfUnused(key, made.id);
    // Whoever sent it is told of what fails.
    void pending.get(key)?.then(
      ({ id }) => discardIfUnused(key, id),
      () => {},
    );
  }
}

/**
 * A question that names the image needs it for the next ones too, and so does another one of the draft.
 *
 * @param key Of the image that had the id.
 */
function discardIfUnused(key: string, id: string): void {
  const { conversations, draft } = session.get();
  const asked = conversations.flatMap(({ turns }) => turns.flatMap(({ images }) => images));
  const others = draft.images.filter((image) => image.key !== key);
  const isUsed = [...asked, ...others].some(({ upload: made }) => made?.id === id);
  // What fails here expires by itself.
  if (!isUsed) discard(id).catch(() => {});
}
