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
    if (!isWanted(place, answer.key)) return;
    let isBegun = false;
    try {
      for await (const each of askForAnswer(body, answer.key, options, signal)) {
        isBegun = true;
        yield each;
      }
      return;
    } catch (error) {
      const isGone = error instanceof ProblemError && error.problem.code === "unknown_image";
      if (!isGone || isBegun) throw error;
    }
    // The gateway forgets images after a while; the browser has them.
    yield* askForAnswer(await bodyOf(place, answer, true), answer.key, options, signal);
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
  changeConversation(place.conversation, (each) =>
    withAnswer(each, answer.key, (old) => ({ ...old, isTakenUp: true })),
  );
  await follow(place, answer, (options, signal) => {
    if (answerId === undefined) throw new ProblemError({ code: "connection_lost" });
    return takeUpAnswer(answerId, options, signal);
  });
}

/** Ends an answer, here and at the gateway; what was committed stays. */
async function stop(place: AnswerPlace, { key, answerId }: Answer): Promise<void> {
  changeAnswer(place, key, (answer) => ({ ...answer, status: "stopped" }));
  // Until the answer has an id nothing can stop it: the one who follows it does so then.
  if (answerId !== undefined) {
    controllers.get(key)?.abort();
    await stopAtGateway(place, key, answerId);
  }
  await saveConversation(place.conversation);
}

async function stopAtGateway(place: AnswerPlace, key: string, answerId: string): Promise<void> {
  try {
    await stopAnswer(answerId);
  } catch (error) {
    changeAnswer(place, key, (answer) => ({ ...answer, problem: problemOf(error) }));
  }
}

/** Ends every answer of a conversation. */
export async function stopConversation(
  conversation: string,
  turns: readonly Turn[],
): Promise<void> {
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
  const change = (by: (answer: Answer) => Answer): void => changeAnswer(place, key, by);
  const onCut = (): void => change((answer) => ({ ...answer, isCut: true }));
  let isKnown = false;
  try {
    for await (const { answerId, event } of open({ onCut }, controller.signal)) {
      if (!isWanted(place, key)) {
        controller.abort();
        await stopAtGateway(place, key, answerId);
        break;
      }
      change((answer) => ({ ...applyEvent(answer, event, Date.now()), answerId, isCut: false }));
      // From here on the answer can be taken up, also after the page was left.
      if (!isKnown) void saveConversation(place.conversation);
      isKnown = true;
    }
  } catch (error) {
    if (!controller.signal.aborted && isWanted(place, key)) {
      const problem = problemOf(error);
      const isStopped = isKnown && problem.code === "cancelled"; // in another tab
      change((answer) => ({
        ...answer,
        status: isStopped ? "stopped" : "failed",
        ...(!isStopped && { problem }),
        isCut: false,
      }));
    }
  } finally {
    controllers.delete(key);
  }
  await saveConversation(place.conversation);
}

/** False once the answer was stopped, or its conversation forgotten, before it had an id. */
function isWanted({ conversation, turn }: AnswerPlace, key: string): boolean {
  const turns = conversationOf(conversation)?.turns ?? [];
  const answers = turns.find((each) => each.key === turn)?.answers ?? [];
  return answers.some((answer) => answer.key === key && answer.status === "running");
}

function changeAnswer(
  { conversation }: AnswerPlace,
  key: string,
  by: (answer: Answer) => Answer,
): void {
  changeConversation(conversation, (each) => withAnswer(each, key, by));
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
