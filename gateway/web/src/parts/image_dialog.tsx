import { hasFrames, hasWindow, type ImageView, type Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { Dialog } from "./dialog.tsx";
import { FrameView } from "./frame_view.tsx";
import { ImagePicture } from "./image_picture.tsx";
import { ProblemView } from "./problem_view.tsx";
import { useTile } from "./use_tile.ts";
import { WindowView } from "./window_view.tsx";
import { ZoomView } from "./zoom_view.tsx";

/** An image at large, and what the gateway made of it. */
export function ImageDialog({
  image,
  note = "",
  onChange,
  onClose,
}: {
  readonly image: ChatImage;
  /** What became of a change. */
  readonly note?: string;
  /** Told what is to change of the view. */
  readonly onChange: (view: ImageView) => void;
  readonly onClose: () => void;
}) {
  const { name, upload, problem } = image;
  return (
    <Dialog title={name} onClose={onClose}>
      <ZoomView label={name}>
        <ImagePicture image={image} alt={name} />
      </ZoomView>
      {upload !== undefined && hasFrames(upload) && <FrameView image={image} onChange={onChange} />}
      {upload !== undefined && hasWindow(upload) && (
        <WindowView image={image} onChange={onChange} />
      )}
      <p role="status" class="quiet">
        {note}
      </p>
      {problem !== undefined && <ProblemView problem={problem} />}
      {upload !== undefined && <Preprocessed upload={upload} />}
    </Dialog>
  );
}

function Preprocessed({ upload }: { readonly upload: Upload }) {
  const { id, width, height, tiles, tile_size: size, grid_width: columns, warnings } = upload;
  const made =
    tiles === 1
      ? `one tile of ${size} × ${size}`
      : `${tiles} tiles of ${size} × ${size}: the whole, then ${columns} side by side`;
  return (
    <section>
      <h3>What the model is shown</h3>
      <p>
        {`${frameText(upload)}${width} × ${height} pixels became ${made}${windowText(upload)}. `}
        Only pixels go on: names, dates, places and all other metadata stay behind.
      </p>
      {warnings.map(({ code, message }) => (
        <p key={code} class="warning">
          {message}
        </p>
      ))}
      <ul class="tiles">
        {Array.from({ length: tiles }, (_, tile) => (
          <li key={tile}>
            <Tile imageId={id} tile={tile} of={tiles} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function frameText({ frame: { number, of } }: Upload): string {
  return of === 1 ? "" : `Frame ${number} of ${of}: `;
}

function windowText({ window }: Upload): string {
  const { center, width } = window ?? {};
  return center === undefined ? "" : `, grey values at level ${center} and width ${width}`;
}

function Tile(props: { readonly imageId: string; readonly tile: number; readonly of: number }) {
  const { imageId, tile, of } = props;
  const { url, problem } = useTile(imageId, tile);
  if (problem !== undefined) return <ProblemView problem={problem} />;
  return url === undefined ? null : <img src={url} alt={`Tile ${tile + 1} of ${of}`} />;
}
