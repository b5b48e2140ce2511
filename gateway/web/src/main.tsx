import { render } from "hono/jsx/dom";
import { shareKey } from "./api/api_key.ts";
import { Page } from "./page.tsx";
import { Guard } from "./parts/guard.tsx";
import { openSession } from "./session/open.ts";

const root = document.getElementById("page");
if (root === null) throw new TypeError("Cannot draw the page as its element is missing");
render(
  <Guard>
    <Page />
  </Guard>,
  root,
);
shareKey();
void openSession();
if ("serviceWorker" in navigator) {
  // Without it the page is the same, but for being there when the gateway is not.
  navigator.serviceWorker.register("/service_worker.js").catch(() => {});
}
