import { type GreyWindow, type ImageView, LEAST_WIDTH, type Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { Slider } from "./slider.tsx";

/** Chooses which grey values of an image are told apart. */
export function WindowView({
  image,
  onChange,
}: {
  readonly image: ChatImage;
  readonly onChange: (view: ImageView) => void;
}) {
  const { upload, window } = image;
  const [least = 0, most = 0] = upload?.value_range ?? [];
  const digits = digitsOf(most - least);
  const own = windowOf(upload, digits);
  const { center, width } = window ?? own;
  const choose = (part: Partial<GreyWindow>): void =>
    onChange({ window: { center, width, ...part } });
  return (
    <fieldset class="view">
      <legend>Window</legend>
      <Slider
        name="Level"
        value={center}
        least={Math.min(least, own.center)}
        most={Math.max(most, own.center)}
        step={10 ** -digits}
        onChange={(value) => choose({ center: value })}
      />
      <Slider
        name="Width"
        value={width}
        least={LEAST_WIDTH}
        most={Math.max(most - least, own.width)}
        step={10 ** -digits}
        onChange={(value) => choose({ width: value })}
      />
      <button
        type="button"
        disabled={window === undefined}
        onClick={() => onChange({ window: undefined })}
      >
        As in the file
      </button>
    </fieldset>
  );
}

/** Decimals of level and width: a slider over the range has a hundred steps at least. */
function digitsOf(range: number): number {
  return Math.max(0, 2 - Math.floor(Math.log10(Math.max(range, LEAST_WIDTH))));
}

/** What is shown of it now; of a table, which has neither level nor width, all values. */
function windowOf(upload: Upload | undefined, digits: number): GreyWindow {
  const [least = 0, most = 0] = upload?.value_range ?? [];
  const { center = (least + most) / 2, width = most - least } = upload?.window ?? {};
  return { center: Number(center.toFixed(digits)), width: Number(width.toFixed(digits)) };
}
