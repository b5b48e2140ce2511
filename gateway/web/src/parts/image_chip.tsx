import { useState } from "hono/jsx/dom";
import type { ProblemCode } from "../api/problem.ts";
import { hasFrames, hasWindow, type Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { chooseView, detach, sendAgain } from "../session/attach.ts";
import { Guard } from "./guard.tsx";
import { ImageDialog } from "./image_dialog.tsx";
import { ImagePicture } from "./image_picture.tsx";
import { ProblemView } from "./problem_view.tsx";

/** Problems that the same file would have again. */
const OF_THE_FILE: ReadonlySet<string> = new Set<ProblemCode>([
  "unsupported_image",
  "damaged_image",
  "undecodable_image",
  "image_too_large",
  "body_too_large",
]);

/** An image that waits for its question. */
export function ImageChip({ image }: { readonly image: ChatImage }) {
  const { key, name, upload, problem } = image;
  const mayPass = problem !== undefined && !OF_THE_FILE.has(problem.code);
  const [isOpen, setIsOpen] = useState(false);
  const choices = upload === undefined ? "" : choicesOf(upload);
  return (
    <div class="chip">
      <button
        type="button"
        class="thumb"
        aria-label={`Look at ${name}`}
        onClick={() => setIsOpen(true)}
      >
        <ImagePicture image={image} alt="" />
      </button>
      <span class="quiet">
        {upload !== undefined
          ? `${upload.width} × ${upload.height}${frameText(upload)}`
          : problem === undefined && "sending …"}
      </span>
      {choices !== "" && (
        <button type="button" aria-label={`${choices} of ${name}`} onClick={() => setIsOpen(true)}>
          {choices}
        </button>
      )}
      {mayPass && (
        <button type="button" aria-label={`Try ${name} again`} onClick={() => sendAgain(image)}>
          Try again
        </button>
      )}
      <button type="button" aria-label={`Remove ${name}`} onClick={() => detach(image)}>
        Remove
      </button>
      {problem !== undefined && <ProblemView problem={problem} />}
      <Guard>
        {isOpen && (
          <ImageDialog
            image={image}
            onChange={(view) => chooseView(key, view)}
            onClose={() => setIsOpen(false)}
          />
        )}
      </Guard>
    </div>
  );
}

/** What of the view can be chosen. */
function choicesOf(upload: Upload): string {
  if (!hasFrames(upload)) return hasWindow(upload) ? "Window" : "";
  return hasWindow(upload) ? "Frame and window" : "Frame";
}

function frameText({ frame: { number, of } }: Upload): string {
  return of === 1 ? "" : `, frame ${number} of ${of}`;
}
