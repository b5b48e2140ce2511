import type { GreyWindow, Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { chooseWindow } from "../session/attach.ts";

/** Whether an image has more grey values than a screen shows, so that a window of them can be chosen. */
export function hasWindow(upload: Upload | undefined): boolean {
  const [least = 0, most = 0] = upload?.value_range ?? [];
  return most - least > LEAST_WIDTH;
}

/** Chooses which grey values of an image are told apart. */
export function WindowView({ image }: { readonly image: ChatImage }) {
  const { key, upload, window } = image;
  const [least = 0, most = 0] = upload?.value_range ?? [];
  const own = windowOf(upload);
  const { center, width } = window ?? own;
  const choose = (part: Partial<GreyWindow>): void => chooseWindow(key, { center, width, ...part });
  return (
    <fieldset class="window">
      <legend>Window</legend>
      <Slider
        name="Level"
        value={center}
        least={Math.min(least, own.center)}
        most={Math.max(most, own.center)}
        onChange={(value) => choose({ center: value })}
      />
      <Slider
        name="Width"
        value={width}
        least={LEAST_WIDTH}
        most={Math.max(most - least, own.width)}
        onChange={(value) => choose({ width: value })}
      />
      <button
        type="button"
        disabled={window === undefined}
        onClick={() => chooseWindow(key, undefined)}
      >
        As in the file
      </button>
    </fieldset>
  );
}

const LEAST_WIDTH = 1;

/** What is shown of it now; of a table, which has neither level nor width, all values. */
function windowOf(upload: Upload | undefined): GreyWindow {
  const [least = 0, most = 0] = upload?.value_range ?? [];
  const { center = (least + most) / 2, width = most - least } = upload?.window ?? {};
  return { center: Math.round(center), width: Math.round(width) };
}

function Slider({
  name,
  value,
  least,
  most,
  onChange,
}: {
  readonly name: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <label>
      {name}
      <input
        type="range"
        min={Math.floor(least)}
        max={Math.ceil(most)}
        value={value}
        onInput={({ target }: Event) => {
          if (target instanceof HTMLInputElement) onChange(Number(target.value));
        }}
      />
      <output>{value}</output>
    </label>
  );
}
