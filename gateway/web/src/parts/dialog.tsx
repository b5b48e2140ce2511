import { type Child, useRef } from "hono/jsx/dom";
import { useEffect } from "../use_effect.ts";
import { Guard } from "./guard.tsx";
import { Notice } from "./notice.tsx";

/** A window over the page; it closes by its button, by Escape and by a click beside it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children?: Child;
}) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // However it goes: closing gives the focus back to where it was.
    return () => dialog?.close();
  }, []);
  const closeBeside = (event: Event): void => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog ref={element} aria-label={title} onClose={onClose} onClick={closeBeside}>
      <div class="dialog">
        <div class="dialog-head">
          <div>
            <h2>{title}</h2>
            <Notice />
          </div>
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
        <Guard>{children}</Guard>
      </div>
    </dialog>
  );
}
