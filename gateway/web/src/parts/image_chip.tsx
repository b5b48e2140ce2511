import { useState } from "hono/jsx/dom";
import type { ChatImage } from "../conversation/conversation.ts";
import { detach } from "../session/attach.ts";
import { ImageDialog } from "./image_dialog.tsx";
import { ImagePicture } from "./image_picture.tsx";
import { ProblemView } from "./problem_view.tsx";
import { hasWindow } from "./window_view.tsx";

/** An image that waits for its question. */
export function ImageChip({ image }: { readonly image: ChatImage }) {
  const { key, name, upload, problem } = image;
  const [isOpen, setIsOpen] = useState(false);
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
          ? `${upload.width} × ${upload.height}`
          : problem === undefined && "sending …"}
      </span>
      {hasWindow(upload) && (
        <button type="button" aria-label={`Window of ${name}`} onClick={() => setIsOpen(true)}>
          Window
        </button>
      )}
      <button type="button" aria-label={`Remove ${name}`} onClick={() => detach(key)}>
        Remove
      </button>
      {problem !== undefined && <ProblemView problem={problem} />}
      {isOpen && <ImageDialog image={image} canChange onClose={() => setIsOpen(false)} />}
    </div>
  );
}
