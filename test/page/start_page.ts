import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readPage } from "@medv/gateway";
import { type Listening, listen } from "@medv/gateway";
import { startScriptedGateway } from "@medv/gateway/testing/scripted_gateway";
import { buildPage } from "../../deploy/local/build_page.ts";

const ROOT = join(import.meta.dirname, "../..");

/**
 * The page before a gateway whose decoder plays a script.
 *
 * @param options Of the gateway.
 */
export async function startPage(options: Parameters<typeof startScriptedGateway>[0] = {}) {
  await buildPage(ROOT);
  const page = await readPage(pathToFileURL(join(ROOT, "gateway/web/dist/")));
  const gateway = await startScriptedGateway({ ...options, page });
  const server: Listening = await listen((request) => gateway.app.fetch(request), {
    host: "127.0.0.1",
    port: 0,
  });
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    seen: gateway.seen,
    page,
    stop: async () => {
      await server.drain();
      await gateway.stop();
    },
  };
}
