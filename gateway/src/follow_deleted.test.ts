import type { SharedNotices } from "@medv/runtime/remote_cache/shared_notices";
import { expect, test } from "vitest";
import { followDeleted } from "./follow_deleted.ts";
import { encodeForgotten, type ForgottenImage } from "./forgotten_image.ts";

/** Hands on these notices, once. */
function noticesOf(...notices: readonly Uint8Array[]): SharedNotices {
  return {
    post: () => Promise.resolve(),
    follow: (onNotice) => {
      notices.forEach(onNotice);
      return Promise.resolve();
    },
  };
}

function imageOf(id: string): ForgottenImage {
  return { id, tenantScope: "a", keys: ["key"], requestId: "request" };
}

test("followDeleted() forgets each image twice, and says of a notice that it cannot read it", async () => {
  const forgotten: string[] = [];
  const warnings: string[] = [];
  const notices = noticesOf(
    Buffer.from("no JSON"),
    Buffer.from('{"id":7}'),
    encodeForgotten(imageOf("img")),
  );
  await followDeleted(
    notices,
    {
      forget: ({ id }) => Promise.resolve(void forgotten.push(id)),
      log: { warn: (_fields, event) => void warnings.push(event) },
    },
    new AbortController().signal,
  );
  await expect.poll(() => forgotten).toEqual(["img", "img"]);
  expect(warnings).toEqual(["notice-error", "notice-error"]);
});

test("followDeleted() tries again what failed, until its signal is aborted", async () => {
  const tries: string[] = [];
  const warnings: object[] = [];
  const stop = new AbortController();
  const second = Promise.withResolvers<void>();
  await followDeleted(
    noticesOf(encodeForgotten(imageOf("img"))),
    {
      forget: ({ id }) => {
        tries.push(id);
        if (tries.length === 2) second.resolve();
        return Promise.reject(new Error("CANARY of the cause"));
      },
      log: { warn: (fields) => void warnings.push(fields) },
    },
    stop.signal,
  );
  await second.promise;
  stop.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect(tries).toEqual(["img", "img"]);
  const warning = { requestId: "request", code: "internal" };
  expect(warnings).toEqual([warning, warning]);
});
