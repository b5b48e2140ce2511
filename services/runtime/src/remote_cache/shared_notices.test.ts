import { expect } from "vitest";
import { prepareRedis, redisTest } from "../testing/redis_tests.ts";
import { until } from "../testing/until.ts";
import { type SharedNotices, sharedNotices } from "./shared_notices.ts";

const redis = prepareRedis();

/** Another process's, and what it heard. */
async function open(): Promise<SharedNotices & { readonly heard: string[] }> {
  const connection = await redis.connect(new Uint8Array(32));
  const stop = new AbortController();
  redis.cleanUp(() => stop.abort());
  const notices = sharedNotices(connection, { tenantScope: "", key: "notices" }, 60_000);
  const heard: string[] = [];
  void notices.follow((notice) => void heard.push(Buffer.from(notice).toString()), stop.signal);
  return { ...notices, heard };
}

redisTest(
  "every process hears every notice once and in order, one that starts later too",
  async () => {
    const first = await open();
    const posted = Array.from({ length: 250 }, (_, index) => `CANARY ${index}`);
    for (const each of posted) await first.post(Buffer.from(each));
    const second = await open();
    await second.post(Buffer.from("last"));
    for (const { heard } of [first, second]) {
      await until("the last notice is heard", () => heard.at(-1) === "last");
      expect(heard).toEqual([...posted, "last"]);
    }
    for (const content of (await redis.server.entries()).values()) {
      expect(content.includes("CANARY")).toBe(false);
    }
  },
);

redisTest(
  "a notice that nobody may hear of is refused, and the next is heard when the server is back",
  async () => {
    const [first, second] = [await open(), await open()];
    await redis.server.kill();
    await expect(first.post(Buffer.from("lost"))).rejects.toMatchObject({ code: "unavailable" });
    await redis.restart();
    const posted = async (): Promise<boolean> =>
      await first.post(Buffer.from("heard")).then(
        () => true,
        () => false,
      );
    await until("a notice can be posted", posted);
    await until("the other hears it", () => second.heard.includes("heard"));
    expect(second.heard).not.toContain("lost");
  },
);
