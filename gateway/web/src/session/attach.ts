import { problemOf } from "../api/problem.ts";
import type { ImageView, Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { discardUnused, sendImage, sendView } from "./send_image.ts";
import { session } from "./session.ts";

/** Takes images into the draft and sends them at once, so that they are encoded when the question comes. */
export function attach(files: readonly File[]): void {
  const images = files.map((file): ChatImage => ({
    key: crypto.randomUUID(),
    name: file.name || "image",
    file,
  }));
  add(images);
  for (const image of images) void take(image.key, sendImage(image));
}

/** Takes an image out of the draft, and from the gateway. */
export function detach(image: ChatImage): void {
  session.set((state) => {
    const images = state.draft.images.filter(({ key }) => key !== image.key);
    return { ...state, draft: { ...state.draft, images } };
  });
  discardUnused([image]);
}

/** Sends an image of the draft once more, after a problem that may have passed. */
export function sendAgain(image: ChatImage): void {
  change(image.key, (each) => ({ ...each, problem: undefined }));
  void take(image.key, sendImage(image));
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
 * Shows an image of the draft in another way.
 *
 * @param view What changes; the file's own where it is undefined.
 */
export function chooseView(key: string, view: ImageView): void {
  change(key, (each) => ({ ...each, ...view }));
  const image = session.get().draft.images.find((each) => each.key === key);
  if (image !== undefined) void take(key, sendView(image));
}

/**
 * Takes another view of an image that was asked about into the draft; the image itself stays as it is.
 *
 * @returns Key of the new one.
 */
export function attachView(image: ChatImage, view: ImageView): string {
  const key = crypto.randomUUID();
  add([{ ...image, key }]);
  chooseView(key, view);
  return key;
}

async function take(key: string, sending: Promise<Upload>): Promise<void> {
  try {
    const upload = await sending;
    change(key, (image) => ({ ...image, upload, problem: undefined }));
  } catch (error) {
    change(key, (image) => ({ ...image, problem: problemOf(error) }));
  }
}

function add(images: readonly ChatImage[]): void {
  session.set((state) => ({
    ...state,
    draft: { ...state.draft, images: [...state.draft.images, ...images] },
  }));
}

function change(key: string, by: (image: ChatImage) => ChatImage): void {
  session.set((state) => {
    const images = state.draft.images.map((each) => (each.key === key ? by(each) : each));
    return { ...state, draft: { ...state.draft, images } };
  });
}
