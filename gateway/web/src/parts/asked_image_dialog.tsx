import { useState } from "hono/jsx/dom";
import type { ImageView } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { attachView, chooseView } from "../session/attach.ts";
import { useSession } from "../session/session.ts";
import { ImageDialog } from "./image_dialog.tsx";

const NOTE = "This view goes with your next question; what was asked before keeps its own.";

/** An image that was asked about, at large; another view of it becomes an image of the next question. */
export function AskedImageDialog({
  image,
  onClose,
}: {
  readonly image: ChatImage;
  readonly onClose: () => void;
}) {
  const { draft } = useSession();
  const [key, setKey] = useState("");
  const other = draft.images.find((each) => each.key === key);
  const onChange = (view: ImageView): void => {
    if (other === undefined) setKey(attachView(image, view));
    else chooseView(key, view);
  };
  return (
    <ImageDialog
      image={other ?? image}
      note={other === undefined ? "" : NOTE}
      onChange={onChange}
      onClose={onClose}
    />
  );
}
