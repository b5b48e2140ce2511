import { createApiKey, entryOf } from "@medv/gateway/auth/api_key";
import { drawnImages, upload } from "../caller.ts";
import { median } from "../median.ts";
import { welch } from "../welch.ts";
import { askShortly } from "./ask_shortly.ts";
import { timed } from "./timed.ts";
import { type Services, startGateway } from "./started.ts";

/** Pairs of questions in which code is compiled. */
const WARM_UP = 20;
/** Of the drawn images. */
const SEED = 5;

/**
 * How long a first question takes about an image that another tenant has sent and asked about, beside one about an image
 * that nobody has. What the other has must not show; that the tenant's own does says that the bench would see it.
 */
export async function tenants(services: Services, count: number): Promise<readonly string[]> {
  const [key, otherKey] = [createApiKey(), createApiKey()];
  const apiKeys = [entryOf("one", key), entryOf("other", otherKey)].join(",");
  const gateway = await startGateway(services, { apiKeys });
  try {
    const asked = { url: gateway.url, model: services.model, key };
    const other = { ...asked, key: otherKey };
    const drawn = drawnImages(SEED);
    const pairs: { readonly theirs: string; readonly nobodys: string }[] = [];
    while (pairs.length < WARM_UP + count) {
      const theirs = (await drawn.next()).value;
      await askShortly(other, `medv-image:${await upload(other, theirs)}`);
      const nobodys = (await drawn.next()).value;
      pairs.push({ theirs: urlOf(theirs), nobodys: urlOf(nobodys) });
    }
    const times = { theirs: [] as number[], nobodys: [] as number[] };
    for (const [turn, pair] of pairs.entries()) {
      // Which comes first changes each time.
      const order =
        turn % 2 === 0 ? (["theirs", "nobodys"] as const) : (["nobodys", "theirs"] as const);
      for (const whose of order) {
        const ms = await timed(() => askShortly(asked, pair[whose]));
        if (turn >= WARM_UP) times[whose].push(ms);
      }
    }
    const own: number[] = [];
    for (const { theirs } of pairs.slice(WARM_UP)) {
      own.push(await timed(() => askShortly(asked, theirs)));
    }
    const { p } = welch(times.theirs, times.nobodys);
    return [
      `| first question about an image that another tenant asked about, and that nobody has | ${inMs(times.theirs)} and ${inMs(times.nobodys)} | p = ${p.toFixed(2)} (Welch's t-test, ${count} each); the tenant's own again ${inMs(own)} |`,
    ];
  } finally {
    await gateway.stop();
  }
}

function urlOf(png: Buffer): string {
  return `data:image/png;base64,${png.toString("base64")}`;
}

function inMs(times: readonly number[]): string {
  return `${median(times).toFixed(1)} ms`;
}
