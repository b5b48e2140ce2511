import { ProblemError, problemOf } from "../api/problem.ts";
import { type Upload, upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { session } from "./session.ts";

const uploads = new Map<string, Promise<Upload>>();

/** Takes images into the draft and sends them at once, so that they are encoded when the question comes. */
export function attach(files: readonly File[]): void {
  const images = files.map((file): ChatImage => ({
    key: crypto.randomUUID(),
    name: file.name || "image",
    file,
  }));
  session.set((state) => ({
    ...state,
    draft: { ...state.draft, images: [...state.draft.images, ...images] },
  }));
  for (const image of images) void sendDraft(image);
}

/** Takes an image out of the draft. */
export function detach(key: string): void {
  session.set((state) => {
    const images = state.draft.images.filter((image) => image.key !== key);
    return { ...state, draft: { ...state.draft, images } };
  });
}

/** Takes one of the page's samples into the draft. */
export async function attachSample(url: string, name: string): Promise<void> {
  try {
    const blob = await (await fetch(url)).blob();
    attach([new File([blob], name, { type: blob.type })]);
  } catch {
    // A file of the page itself: without it the gateway is gone.
    session.set((state) => ({ ...state, problem: { code: "no_connection" } }));
  }
}

/**
 * The image with what the gateway made of it, sent if that was not done.
 *
 * @throws {ProblemError} What the gateway says of the image.
 */
export async function uploaded(image: ChatImage): Promise<ChatImage> {
  if (image.upload !== undefined) return image;
  if (image.problem !== undefined) throw new ProblemError(image.problem);
  return { ...image, upload: await send(image) };
}

async function sendDraft(image: ChatImage): Promise<void> {
  try {
    replace({ ...image, upload: await send(image) });
  } catch (error) {
    replace({ ...image, problem: problemOf(error) });
  }
}

/** One upload for each image, whoever waits for it. */
function send({ key, file }: ChatImage): Promise<Upload> {
  const pending = uploads.get(key) ?? upload(file).finally(() => uploads.delete(key));
  uploads.set(key, pending);
  return pending;
}

function replace(image: ChatImage): void {
  session.set((state) => {
    const images = state.draft.images.map((each) => (each.key === image.key ? image : each));
    return { ...state, draft: { ...state.draft, images } };
  });
}
