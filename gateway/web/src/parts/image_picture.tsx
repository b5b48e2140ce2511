import { useState } from "hono/jsx/dom";
import type { ChatImage } from "../conversation/conversation.ts";
import { useTile } from "./use_tile.ts";
import { useEffect } from "../use_effect.ts";

/** The image as the browser shows it; what it cannot show (DICOM, HEIC, another frame, a window of grey) as the model sees it. */
export function ImagePicture({ image, alt }: { readonly image: ChatImage; readonly alt: string }) {
  const { file, name, upload, frame, window } = image;
  const [url, setUrl] = useState("");
  const [isShown, setIsShown] = useState(true);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  const isOriginal = isShown && frame === undefined && window === undefined;
  const tile = useTile(isOriginal ? undefined : upload?.id, 0);
  if (url === "") return null;
  if (isOriginal)
    return <img src={url} alt={alt} draggable={false} onError={() => setIsShown(false)} />;
  if (tile.url === undefined) {
    return (
      <span class="quiet">{tile.problem === undefined ? name : `${name} cannot be shown`}</span>
    );
  }
  return <img src={tile.url} alt={alt} draggable={false} />;
}
