import { writeFile } from "node:fs/promises";
import { startScriptedGateway } from "@medv/gateway/testing/scripted_gateway";
import { CLIENT_TYPES, clientTypes } from "./client_types.ts";

// `npm run client`: makes the types of the client again.
const gateway = await startScriptedGateway();
try {
  const document = await (await gateway.app.request("/openapi.json")).text();
  await writeFile(CLIENT_TYPES, await clientTypes(document));
} finally {
  await gateway.stop();
}
