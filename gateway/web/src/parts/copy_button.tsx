import { useState } from "hono/jsx/dom";

/** Copies `text`, and says whether that worked. */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState("");
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      // Not allowed, or the page did not come over HTTPS.
      setSaid("Not allowed: select the text instead");
    }
    setTimeout(() => setSaid(""), 2000);
  };
  return (
    <button type="button" aria-live="polite" onClick={() => void copy()}>
      {said === "" ? label : said}
    </button>
  );
}
