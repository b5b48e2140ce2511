import { useRef, useState } from "hono/jsx/dom";
import type { Canvas } from "../fog/canvas.ts";
import { COLUMN_PX, Fog } from "../fog/fog.tsx";
import { useEffect } from "../use_effect.ts";

/** The fog, set in as many columns as there is room for, and what its signs mean. */
export function FogView({ canvas }: { readonly canvas: Canvas }) {
  const element = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(40);
  useEffect(() => {
    const observed = element.current;
    if (observed === null) return undefined;
    const observer = new ResizeObserver(() => {
      setColumns(Math.max(12, Math.floor(observed.clientWidth / COLUMN_PX)));
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="fog-view">
      <div ref={element}>
        <Fog canvas={canvas} columns={columns} />
      </div>
      <ul class="legend quiet">
        <li class="shade">paler: surer</li>
        <li class="block">block under way</li>
        <li class="again">covered again</li>
      </ul>
    </div>
  );
}
