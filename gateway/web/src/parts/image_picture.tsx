import { useEffect, useState } from "hono/jsx/dom";
import type { ChatImage } from "../conversation/conversation.ts";

/** The image as the browser shows it; what the browser cannot show (DICOM, HEIC) as the model sees it. */
export function ImagePicture({ image, alt }: { readonly image: ChatImage; readonly alt: string }) {
  const { file, name, upload } = image;
  const [url, setUrl] = useState("");
  const [isShown, setIsShown] = useState(true);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (url === "") return null;
  if (isShown)
    return <img src={url} alt={alt} draggable={false} onError={() => setIsShown(false)} />;
  if (upload === undefined) return <span class="quiet">{name}</span>;
  return <img src={tileUrl(upload.id, 0)} alt={alt} draggable={false} />;
}

/** Where the gateway shows a tile. */
export function tileUrl(imageId: string, tile: number): string {
  return `/v1/images/${imageId}/tiles/${tile}`;
}
