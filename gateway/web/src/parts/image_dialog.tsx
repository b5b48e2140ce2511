import type { Upload } from "../api/upload.ts";
import type { ChatImage } from "../conversation/conversation.ts";
import { Dialog } from "./dialog.tsx";
import { ImagePicture } from "./image_picture.tsx";
import { ProblemView } from "./problem_view.tsx";
import { useTile } from "./use_tile.ts";
import { hasWindow, WindowView } from "./window_view.tsx";
import { ZoomView } from "./zoom_view.tsx";

/** An image at large, and what the gateway made of it. */
export function ImageDialog({
  image,
  canChange,
  onClose,
}: {
  readonly image: ChatImage;
  /** It was not asked about yet. */
  readonly canChange: boolean;
  readonly onClose: () => void;
}) {
  const { name, upload, problem } = image;
  return (
    <Dialog title={name} onClose={onClose}>
      <ZoomView label={name}>
        <ImagePicture image={image} alt={name} />
      </ZoomView>
      {canChange && hasWindow(upload) && <WindowView image={image} />}
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
        {`${width} × ${height} pixels became ${made}${windowText(upload)}. `}
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
