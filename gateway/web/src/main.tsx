import { ErrorBoundary, render } from "hono/jsx/dom";
import { shareKey } from "./api/api_key.ts";
import { Page } from "./page.tsx";
import { openSession } from "./session/open.ts";

const root = document.getElementById("page");
if (root === null) throw new TypeError("Cannot draw the page as its element is missing");
render(
  <ErrorBoundary
    fallback={
      <p role="alert">
        The page has a fault and cannot go on. Reload it; your conversations are kept.
      </p>
    }
  >
    <Page />
  </ErrorBoundary>,
  root,
);
shareKey();
void openSession();
if ("serviceWorker" in navigator) {
  // Without it the page is the same, but for being there when the gateway is not.
  navigator.serviceWorker.register("/service_worker.js").catch(() => {});
}
