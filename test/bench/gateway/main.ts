/**
 * What the gateway itself costs: from an upload to ready pixels, on a follow-up turn, with many streams at a time; and how
 * long an embedding takes between the services. Before services that do no work, or before the real ones with the embedded
 * checkpoint; before these also whether it shows in time what another tenant has asked about.
 *
 *     npm run bench:gateway -- [--real [--tenants 200]] [--uploads 7] [--turns 1000] [--streams 64] [--pulls 50]
 *
 * @module
 */
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { EVENTS } from "./figures.ts";
import { pulls } from "./pulls.ts";
import { startGateway, startServices } from "./started.ts";
import { streams } from "./streams.ts";
import { tenants } from "./tenants.ts";
import { turns } from "./turns.ts";
import { uploads } from "./uploads.ts";

const { values } = parseArgs({
  options: {
    real: { type: "boolean", default: false },
    uploads: { type: "string", default: "7" },
    turns: { type: "string", default: "1000" },
    streams: { type: "string", default: "64" },
    pulls: { type: "string", default: "50" },
    tenants: { type: "string", default: "200" },
  },
});
const services = await startServices(values.real);
try {
  const gateway = await startGateway(services);
  try {
    const asked = { url: gateway.url, model: services.model };
    const rows = [
      ...(await uploads(asked, services, Number(values.uploads))),
      ...(await turns(asked, services, Number(values.turns))),
      ...(await streams(asked, Number(values.streams), values.real ? undefined : EVENTS)),
      ...(await pulls(services, Number(values.pulls))),
      ...(values.real ? await tenants(services, Number(values.tenants)) : []),
    ];
    const before = values.real ? "the real services" : "services that do no work";
    const table = [`| before ${before} | median | |`, "| --- | --- | --- |", ...rows];
    process.stdout.write(`${table.join("\n")}\n${machine()}\n`);
  } finally {
    await gateway.stop();
  }
} finally {
  await services.stop();
}
