import type { ImageView } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { Slider } from "./slider.tsx";

/** Chooses which frame of a file is looked at. */
export function FrameView({
  image,
  onChange,
}: {
  readonly image: ChatImage;
  readonly onChange: (view: ImageView) => void;
}) {
  const { number = 1, of = 1 } = image.upload?.frame ?? {};
  const frame = image.frame ?? number;
  return (
    <div class="view">
      <Slider
        name="Frame"
        value={frame}
        text={`${frame} of ${of}`}
        least={1}
        most={of}
        onChange={(value) => onChange({ frame: value })}
      />
    </div>
  );
}
