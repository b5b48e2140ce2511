import { type Child, useRef, useState } from "hono/jsx/dom";

type View = { readonly scale: number; readonly x: number; readonly y: number };
type Point = { readonly x: number; readonly y: number };

const WHOLE: View = { scale: 1, x: 0, y: 0 };
const MAX_SCALE = 12;
const PAN_PX = 40;

/** Shows its child larger and moves it: wheel, drag, two fingers, or `+ - 0` and the arrow keys. */
export function ZoomView({
  label,
  children,
}: {
  readonly label: string;
  readonly children?: Child;
}) {
  const [view, setView] = useState(WHOLE);
  const pointers = useRef(new Map<number, Point>());
  const frame = useRef<HTMLDivElement>(null);

  const change = (by: (old: View) => View): void =>
    setView((old) => within(frame.current, by(old)));
  const zoom = (factor: number): void =>
    change(({ scale, x, y }) => {
      const next = Math.min(MAX_SCALE, Math.max(1, scale * factor));
      return { scale: next, x: (x * next) / scale, y: (y * next) / scale };
    });
  const pan = (x: number, y: number): void =>
    change((old) => ({ ...old, x: old.x + x, y: old.y + y }));

  const onMove = (event: PointerEvent): void => {
    const held = pointers.current ?? new Map<number, Point>();
    const before = held.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) pan(now.x - before.x, now.y - before.y);
    else zoom(distance(now, other) / Math.max(1, distance(before, other)));
    held.set(event.pointerId, now);
  };
  const onDown = (event: PointerEvent): void => {
    pointers.current?.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (event.currentTarget instanceof Element)
      event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onUp = (event: PointerEvent): void => void pointers.current?.delete(event.pointerId);
  const onKey = (event: KeyboardEvent): void => {
    const act = KEYS[event.key];
    // With one of these it is the browser's: its own zoom, or the page before.
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(zoom, pan, () => setView(WHOLE));
  };
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300));
  };
  return (
    <div class="zoom">
      <div
        ref={frame}
        class="zoom-frame"
        tabIndex={0}
        role="group"
        aria-label={`${label}: plus and minus zoom, arrow keys move`}
        onWheel={onWheel}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={onUp}
        onKeyDown={onKey}
      >
        <div
          class="zoom-content"
          style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        >
          {children}
        </div>
      </div>
      <div class="row">
        <button type="button" onClick={() => zoom(1 / 1.5)} aria-label="Zoom out">
          −
        </button>
        <output>{`${Math.round(view.scale * 100)} %`}</output>
        <button type="button" onClick={() => zoom(1.5)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => setView(WHOLE)}>
          Whole
        </button>
      </div>
    </div>
  );
}

type Act = (
  zoom: (factor: number) => void,
  pan: (x: number, y: number) => void,
  whole: () => void,
) => void;

const KEYS: Readonly<Record<string, Act>> = {
  "+": (zoom) => zoom(1.5),
  "=": (zoom) => zoom(1.5),
  "-": (zoom) => zoom(1 / 1.5),
  "0": (_zoom, _pan, whole) => whole(),
  ArrowLeft: (_zoom, pan) => pan(PAN_PX, 0),
  ArrowRight: (_zoom, pan) => pan(-PAN_PX, 0),
  ArrowUp: (_zoom, pan) => pan(0, PAN_PX),
  ArrowDown: (_zoom, pan) => pan(0, -PAN_PX),
};

/** The view moved back to where it fills the frame. */
function within(frame: HTMLElement | null, { scale, x, y }: View): View {
  const most = {
    x: ((scale - 1) * (frame?.clientWidth ?? 0)) / 2,
    y: ((scale - 1) * (frame?.clientHeight ?? 0)) / 2,
  };
  return {
    scale,
    x: Math.min(most.x, Math.max(-most.x, x)),
    y: Math.min(most.y, Math.max(-most.y, y)),
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
