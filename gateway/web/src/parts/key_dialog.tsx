import { forgetKey } from "../api/api_key.ts";
import { Dialog } from "./dialog.tsx";
import { useApiKey } from "./use_api_key.ts";

/** Says where the key is, and forgets it. */
export function KeyDialog({ onClose }: { readonly onClose: () => void }) {
  const { isKept } = useApiKey();
  return (
    <Dialog title="API key" onClose={onClose}>
      <p>
        {isKept
          ? "Your key is kept in this browser's storage for this page, and nowhere else."
          : "This browser keeps nothing for this page, so your key is gone when it is closed."}{" "}
        Code that you copy here reads it from the environment variable <code>MEDV_API_KEY</code>.
      </p>
      <button
        type="button"
        class="danger"
        onClick={() => {
          forgetKey();
          onClose();
        }}
      >
        Forget the key
      </button>
    </Dialog>
  );
}
