import { writeFileSync } from "node:fs";
import { OVERLAYS, renderedPath } from "./manifest.ts";
import { findKustomize, renderOverlay } from "./render.ts";

const kustomize = findKustomize();
if (kustomize === undefined) {
  process.stderr.write("Cannot render the overlays as kustomize or kubectl must be on PATH\n");
  process.exit(1);
}
for (const overlay of OVERLAYS) {
  const head = `# Written by \`npm run render\` from overlays/${overlay}: change it there.\n`;
  writeFileSync(renderedPath(overlay), head + renderOverlay(kustomize, overlay));
}
