import {
  askForAnswer,
  type StreamedEvent,
  stopAnswer,
  takeUpAnswer,
} from "../api/answer_stream.ts";
import { ProblemError, problemOf } from "../api/problem.ts";
import { applyEvent } from "../conversation/apply_event.ts";
import type { Answer, ChatImage, Conversation, Turn } from "../conversation/conversation.ts";
import { withAnswer } from "../conversation/conversation.ts";
import { answerBody } from "../conversation/messages.ts";
import { uploaded } from "./send_image.ts";
import { changeConversation, conversationOf, saveConversation, session } from "./session.ts";

/** Where an answer stands. */
export type AnswerPlace = { readonly conversation: string; readonly turn: string };

const controllers = new Map<string, AbortController>();

/** Asks for an answer and follows it to its end; what goes wrong becomes the answer's problem. */
export async function runAnswer(place: AnswerPlace, answer: Answer): Promise<void> {
  await follow(place, answer, async function* events(options, signal) {
    const body = await bodyOf(place, answer, false);
    let isBegun = false;
    try {
      for await (const each of askForAnswer(body, options, signal)) {
        isBegun = true;
        yield each;
      }
      return;
    } catch (error) {
      const isGone = error instanceof ProblemError && error.problem.code === "unknown_image";
      if (!isGone || isBegun) throw error;
    }
    // The gateway forgets images after a while; the browser has them.
    yield* askForAnswer(await bodyOf(place, answer, true), options, signal);
  });
}

/** Takes up the answers that were under way when the page was left, or that another tab asked for. */
export function resumeConversation({ key: conversation, turns }: Conversation): void {
  for (const { key: turn, answers } of turns) {
    for (const answer of answers) {
      if (answer.status === "running") void resumeAnswer({ conversation, turn }, answer);
    }
  }
}

async function resumeAnswer(place: AnswerPlace, answer: Answer): Promise<void> {
  const { answerId } = answer;
  await follow(place, answer, (options, signal) => {
    if (answerId === undefined) throw new ProblemError({ code: "connection_lost" });
    return takeUpAnswer(answerId, options, signal);
  });
}

/** Ends an answer, here and at the gateway; what was committed stays. */
async function stop(place: AnswerPlace, { key, answerId }: Answer): Promise<void> {
  const change = (by: (answer: Answer) => Answer): void =>
    changeConversation(place.conversation, (each) => withAnswer(each, key, by));
  change((answer) => ({ ...answer, status: "stopped" }));
  controllers.get(key)?.abort();
  try {
    if (answerId !== undefined) await stopAnswer(answerId);
  } catch (error) {
    change((answer) => ({ ...answer, problem: problemOf(error) }));
  }
  await saveConversation(place.conversation);
}

/** Ends every answer of a conversation. */
export async function stopConversation(conversation: string): Promise<void> {
  const turns = conversationOf(conversation)?.turns ?? [];
  const stops = turns.flatMap(({ key: turn, answers }) =>
    answers
      .filter(({ status }) => status === "running")
      .map((answer) => stop({ conversation, turn }, answer)),
  );
  await Promise.all(stops);
}

/** Whether this tab follows an answer of the conversation. */
export function isFollowed({ turns }: Conversation): boolean {
  return turns.some(({ answers }) => answers.some(({ key }) => controllers.has(key)));
}

/** Follows the answers of a conversation no longer, and leaves the gateway to finish them. */
export function abandon(conversation: string): void {
  for (const { answers } of conversationOf(conversation)?.turns ?? []) {
    for (const { key } of answers) controllers.get(key)?.abort();
  }
}

type Open = (
  options: { readonly onCut: () => void },
  signal: AbortSignal,
) => AsyncGenerator<StreamedEvent>;

async function follow(place: AnswerPlace, { key }: Answer, open: Open): Promise<void> {
  const controller = new AbortController();
  controllers.set(key, controller);
  const change = (by: (answer: Answer) => Answer): void =>
    changeConversation(place.conversation, (each) => withAnswer(each, key, by));
  const onCut = (): void => change((answer) => ({ ...answer, isCut: true }));
  let isKnown = false;
  try {
    for await (const { answerId, event } of open({ onCut }, controller.signal)) {
      change((answer) => ({ ...applyEvent(answer, event, Date.now()), answerId, isCut: false }));
      // From here on the answer can be taken up, also after the page was left.
      if (!isKnown) void saveConversation(place.conversation);
      isKnown = true;
    }
  } catch (error) {
    if (!controller.signal.aborted) {
      const problem = problemOf(error);
      const status = problem.code === "cancelled" ? "stopped" : "failed";
      change((answer) => ({ ...answer, status, problem, isCut: false }));
    }
  } finally {
    controllers.delete(key);
  }
  await saveConversation(place.conversation);
}

/** The request for an answer; `anew` sends every image again. */
async function bodyOf(place: AnswerPlace, { settings }: Answer, anew: boolean) {
  const { model } = session.get();
  if (model === undefined) throw new ProblemError({ code: "no_connection" });
  const all = conversationOf(place.conversation)?.turns ?? [];
  const before = all.slice(0, all.findIndex(({ key }) => key === place.turn) + 1);
  const turns = await Promise.all(before.map((turn) => withUploads(turn, anew)));
  changeConversation(place.conversation, (conversation) => ({
    ...conversation,
    turns: conversation.turns.map((turn) => {
      const images = turns.find(({ key }) => key === turn.key)?.images;
      return images === undefined ? turn : { ...turn, images };
    }),
  }));
  return answerBody(model.id, turns, settings);
}

async function withUploads(turn: Turn, anew: boolean): Promise<Turn> {
  const images = turn.images.map(async (image): Promise<ChatImage> => {
    if (!anew) return await uploaded(image);
    const { upload: _, ...fresh } = image;
    return await uploaded(fresh);
  });
  return { ...turn, images: await Promise.all(images) };
}
