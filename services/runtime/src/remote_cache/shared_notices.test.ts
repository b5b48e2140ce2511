import { afterEach, beforeEach, expect, test } from "vitest";
import {
  connectPatiently,
  REDIS_MISSING,
  type RedisServer,
  startRedis,
} from "../testing/redis_server.ts";
import { type SharedNotices, sharedNotices } from "./shared_notices.ts";

const named = REDIS_MISSING === undefined ? "" : ` (${REDIS_MISSING})`;
const cleanUp: (() => unknown)[] = [];
let server: RedisServer;

beforeEach(async () => {
  if (REDIS_MISSING !== undefined) return;
  server = await startRedis();
  cleanUp.push(() => server.kill());
});
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step();
});

/** Another process's, and what it heard. */
async function open(): Promise<SharedNotices & { readonly heard: string[] }> {
  const connection = await connectPatiently(server, new Uint8Array(32));
  const stop = new AbortController();
  cleanUp.push(
    () => connection.close(),
    () => stop.abort(),
  );
  const notices = sharedNotices(connection, { tenantScope: "", key: "notices" }, 60_000);
  const heard: string[] = [];
  void notices.follow((notice) => void heard.push(Buffer.from(notice).toString()), stop.signal);
  return { ...notices, heard };
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.skipIf(REDIS_MISSING !== undefined)(
  `every process hears every notice once and in order, one that starts later too${named}`,
  async () => {
    const first = await open();
    const posted = Array.from({ length: 250 }, (_, index) => `CANARY ${index}`);
    for (const each of posted) await first.post(Buffer.from(each));
    const second = await open();
    await second.post(Buffer.from("last"));
    for (const { heard } of [first, second]) {
      await until(() => heard.at(-1) === "last");
      expect(heard).toEqual([...posted, "last"]);
    }
    for (const content of (await server.entries()).values()) {
      expect(content.includes("CANARY")).toBe(false);
    }
  },
);

test.skipIf(REDIS_MISSING !== undefined)(
  `a notice that nobody may hear of is refused, and the next is heard when the server is back${named}`,
  async () => {
    const [first, second] = [await open(), await open()];
    const port = Number(new URL(server.url).port);
    await server.kill();
    await expect(first.post(Buffer.from("lost"))).rejects.toMatchObject({ code: "unavailable" });
    server = await startRedis(port);
    const posted = async (): Promise<boolean> =>
      await first.post(Buffer.from("heard")).then(
        () => true,
        () => false,
      );
    await until(posted);
    await until(() => second.heard.includes("heard"));
    expect(second.heard).not.toContain("lost");
  },
);
