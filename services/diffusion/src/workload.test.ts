import { DomainError } from "@medv/proto";
import { expect, test } from "vitest";
import { Workload, type AnswerSize } from "./workload.ts";

const SIZE: AnswerSize = { profile: "exact", tokens: 10, positions: 100, deadline: undefined };
const LIMITS = { maxRows: 2, maxQueueMs: 3000 };

/** A workload that knows that an answer of this size takes a second. */
function priced(): Workload {
  const workload = new Workload(LIMITS);
  const first = workload.admit(SIZE);
  first.ran(400);
  first.ran(600);
  first.end(true);
  return workload;
}

function refusal(run: () => unknown): DomainError {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) return error;
  }
  throw new Error("it was taken in");
}

test("Workload prices an answer by what one of its profile cost, by tokens and positions", () => {
  const workload = priced();
  expect(workload.queuedSeconds).toBe(0);
  const answer = workload.admit({ ...SIZE, tokens: 20 });
  expect(workload.queuedSeconds).toBeCloseTo(2);
  answer.ran(500);
  expect(workload.queuedSeconds).toBeCloseTo(1.5);
  answer.ran(5000);
  expect(workload.queuedSeconds).toBe(0);
});

test("Workload learns from answers that ran to their end, the newest first", () => {
  const workload = priced();
  const cancelled = workload.admit(SIZE);
  cancelled.ran(50_000);
  cancelled.end(false);
  const slower = workload.admit(SIZE);
  slower.ran(2000);
  slower.end(true);
  workload.admit(SIZE);
  expect(workload.queuedSeconds).toBeCloseTo(1.2);
});

test("Workload refuses what would wait too long, and says when there is room", () => {
  const workload = priced();
  const answers = Array.from({ length: 4 }, () => workload.admit(SIZE));
  const error = refusal(() => workload.admit(SIZE));
  expect(error).toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  expect(error.message).toContain("the work ahead takes 4 s: the limit is 3 s");
  answers[0]?.end(true);
  workload.admit(SIZE);
});

test("Workload always takes in what runs at once, however long it is", () => {
  const workload = priced();
  workload.admit({ ...SIZE, tokens: 1000 });
  expect(() => workload.admit({ ...SIZE, tokens: 1000 })).not.toThrow();
  expect(refusal(() => workload.admit(SIZE)).code).toBe("overloaded");
});

test("Workload does not begin what cannot be done by its deadline", () => {
  const workload = priced();
  workload.admit(SIZE);
  workload.admit(SIZE);
  const inTime = new Date(Date.now() + 60_000);
  const late = new Date(Date.now() + 1500);
  expect(refusal(() => workload.admit({ ...SIZE, deadline: late }))).toMatchObject({
    code: "overloaded",
    retryAfterSeconds: 2,
  });
  const long = { ...SIZE, tokens: 1000, deadline: inTime };
  expect(refusal(() => workload.admit(long)).code).toBe("deadline_exceeded");
  expect(() => workload.admit({ ...SIZE, deadline: inTime })).not.toThrow();
});
