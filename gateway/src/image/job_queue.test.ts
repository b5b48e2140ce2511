import { expect, test } from "vitest";
import { JobQueue } from "./job_queue.ts";

function filled(maxBytes: number, ...sizes: number[]) {
  const queue = new JobQueue<{ readonly bytes: number }>(maxBytes);
  const jobs = sizes.map((bytes) => ({ bytes }));
  for (const job of jobs) queue.push(job);
  return { queue, jobs };
}

test("takes() has room up to so many bytes, and for the first job however large", () => {
  const { queue } = filled(100);
  expect(queue.takes({ bytes: 1000 })).toBe(true);
  queue.push({ bytes: 60 });
  expect(queue.takes({ bytes: 40 })).toBe(true);
  expect(queue.takes({ bytes: 41 })).toBe(false);
});

test("takes() has room for 256 jobs, however small", () => {
  const { queue } = filled(100, ...Array.from({ length: 255 }, () => 0));
  expect(queue.takes({ bytes: 0 })).toBe(true);
  queue.push({ bytes: 0 });
  expect(queue.takes({ bytes: 0 })).toBe(false);
});

test("takes() has the room again of jobs that wait no more", () => {
  const { queue, jobs } = filled(100, 30, 20, 50);
  const [first, second, third] = jobs;
  if (second === undefined) throw new Error("no job");
  expect(queue.shift()).toBe(first);
  expect(queue.takes({ bytes: 31 })).toBe(false);
  queue.delete(second);
  queue.delete(second);
  expect(queue.takes({ bytes: 50 })).toBe(true);
  expect(queue.takes({ bytes: 51 })).toBe(false);
  expect(queue.clear()).toEqual([third]);
  queue.push({ bytes: 1 });
  expect(queue.takes({ bytes: 99 })).toBe(true);
  expect(queue.length).toBe(1);
});
