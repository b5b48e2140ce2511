import { useState } from "hono/jsx/dom";
import { startConversation } from "../session/open.ts";
import { HistoryDialog } from "./history_dialog.tsx";

/** Title, the notice that is always visible, and the ways to other conversations. */
export function Header() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <header>
      <h1>LLaDA-MedV</h1>
      <p class="notice">Research tool, not for clinical use</p>
      <nav aria-label="Conversations">
        <button type="button" onClick={startConversation}>
          New
        </button>
        <button type="button" onClick={() => setIsOpen(true)}>
          History
        </button>
      </nav>
      {isOpen && <HistoryDialog onClose={() => setIsOpen(false)} />}
    </header>
  );
}
