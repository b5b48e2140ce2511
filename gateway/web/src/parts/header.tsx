import { useState } from "hono/jsx/dom";
import { startConversation } from "../session/start_conversation.ts";
import { Guard } from "./guard.tsx";
import { HistoryDialog } from "./history_dialog.tsx";
import { KeyDialog } from "./key_dialog.tsx";
import { Notice } from "./notice.tsx";
import { useApiKey } from "./use_api_key.ts";

/** Title, the notice that is always visible, and the ways to other conversations. */
export function Header() {
  const { key } = useApiKey();
  const [open, setOpen] = useState<"history" | "key" | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  return (
    <header>
      <h1>LLaDA-MedV</h1>
      <Notice />
      <nav aria-label="Page">
        <button type="button" onClick={startConversation}>
          New
        </button>
        <button type="button" onClick={() => setOpen("history")}>
          History
        </button>
        {key !== undefined && (
          <button type="button" onClick={() => setOpen("key")}>
            Key
          </button>
        )}
      </nav>
      <Guard>
        {open === "history" && <HistoryDialog onClose={close} />}
        {open === "key" && <KeyDialog onClose={close} />}
      </Guard>
    </header>
  );
}
