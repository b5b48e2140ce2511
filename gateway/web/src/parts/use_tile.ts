import { useState } from "hono/jsx/dom";
import { type Problem, problemOf } from "../api/problem.ts";
import { readTile } from "../api/tile.ts";
import { useEffect } from "../use_effect.ts";

/** A tile as an address of this page; neither it nor a problem while it is on its way. */
export type TileState = { readonly url?: string; readonly problem?: Problem };

/**
 * What the model is shown of an image.
 *
 * @param imageId Undefined where there is nothing to show.
 */
export function useTile(imageId: string | undefined, tile: number): TileState {
  const [state, setState] = useState<TileState>({});
  useEffect(() => {
    setState({});
    if (imageId === undefined) return undefined;
    const stop = new AbortController();
    let url: string | undefined;
    const show = async (): Promise<void> => {
      try {
        const image = await readTile(imageId, tile, stop.signal);
        stop.signal.throwIfAborted();
        url = URL.createObjectURL(image);
        setState({ url });
      } catch (error) {
        if (!stop.signal.aborted) setState({ problem: problemOf(error) });
      }
    };
    void show();
    return () => {
      stop.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [imageId, tile]);
  return state;
}
