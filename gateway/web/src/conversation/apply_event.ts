import type { AnswerEvent } from "../../../src/answer_event.ts";
import { applyFrame, firstCanvas } from "../fog/canvas.ts";
import { framesOf } from "../fog/frames_of.ts";
import type { Answer } from "./conversation.ts";

/**
 * The answer after an event of its stream.
 *
 * @param nowMs Milliseconds since 1970.
 */
export function applyEvent(answer: Answer, event: AnswerEvent, nowMs: number): Answer {
  const elapsedMs = answer.isTakenUp === true ? undefined : nowMs - answer.askedAt;
  switch (event.type) {
    case "image-ready":
      return answer;
    case "answer-start":
      return {
        ...answer,
        start: event,
        text: "",
        frames: [],
        canvas: firstCanvas(event),
      };
    case "block-draft": {
      if (answer.canvas === undefined) return answer;
      const frames = framesOf(event, answer.canvas);
      return {
        ...answer,
        frames: [...answer.frames, ...frames],
        canvas: frames.reduce(applyFrame, answer.canvas),
      };
    }
    case "text-delta":
      return {
        ...answer,
        text: answer.text + event.text,
        ...(elapsedMs !== undefined && { firstTextMs: answer.firstTextMs ?? elapsedMs }),
      };
    case "answer-end":
      return {
        ...answer,
        status: "done",
        end: event,
        ...(elapsedMs !== undefined && { totalMs: elapsedMs }),
      };
    default:
      return event satisfies never;
  }
}
