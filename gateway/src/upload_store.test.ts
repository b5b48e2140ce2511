import { NO_REMOTE_CACHE } from "@medv/runtime/remote_cache/remote_cache";
import { expect, test } from "vitest";
import { newImageId, UploadStore } from "./upload_store.ts";

test.each(["no JSON", "{}", '{"digest":"d","choice":{},"expiresAt":"never"}'])(
  "an id is unknown whose shared record is %s",
  async (record) => {
    const remote = { ...NO_REMOTE_CACHE, get: () => Promise.resolve(Buffer.from(record)) };
    const store = new UploadStore({ remote, maxBytes: 100, ttlMs: 60_000 });
    await expect(store.find(newImageId(), "a")).rejects.toMatchObject({ code: "unknown_image" });
  },
);
