import {
  type Answer,
  type AnswerSettings,
  newAnswer,
  type Turn,
  withTurn,
} from "../conversation/conversation.ts";
import { wantsOtherSettings } from "../conversation/refused_setting.ts";
import { type AnswerPlace, runAnswer } from "./run_answer.ts";
import {
  changeConversation,
  EMPTY_DRAFT,
  nameInAddress,
  saveConversation,
  session,
} from "./session.ts";

/** Asks what is in the draft. */
export async function ask(question: string): Promise<void> {
  const { draft, settings, currentKey } = session.get();
  const answer = newAnswer(settings);
  const turn: Turn = {
    key: crypto.randomUUID(),
    question,
    images: draft.images,
    answers: [answer],
  };
  session.set((state) => ({ ...state, draft: EMPTY_DRAFT, problem: undefined }));
  changeConversation(currentKey, (conversation) => ({
    ...conversation,
    changedAt: Date.now(),
    turns: [...conversation.turns, turn],
  }));
  nameInAddress(currentKey);
  await begin({ conversation: currentKey, turn: turn.key }, answer);
}

/** Asks the same question with other settings, beside the answers that are there. */
export async function askBeside(place: AnswerPlace, settings: AnswerSettings): Promise<void> {
  const answer = newAnswer(settings);
  changeAnswers(place, (answers) => [...answers, answer]);
  await begin(place, answer);
}

/** Asks for an answer anew, in the place of one that is there; with the settings at hand where its own did not do. */
export async function retry(place: AnswerPlace, old: Answer): Promise<void> {
  const answer = newAnswer(wantsOtherSettings(old) ? session.get().settings : old.settings);
  changeAnswers(place, (answers) => answers.map((each) => (each.key === old.key ? answer : each)));
  await begin(place, answer);
}

/** Takes an answer away; the first one stays. */
export function dismiss(place: AnswerPlace, { key }: Answer): void {
  changeAnswers(place, (answers) =>
    answers.filter((answer, index) => index === 0 || answer.key !== key),
  );
  void saveConversation(place.conversation);
}

async function begin(place: AnswerPlace, answer: Answer): Promise<void> {
  await saveConversation(place.conversation);
  await runAnswer(place, answer);
}

function changeAnswers(
  { conversation, turn }: AnswerPlace,
  change: (answers: readonly Answer[]) => readonly Answer[],
): void {
  changeConversation(conversation, (each) =>
    withTurn(each, turn, (old) => ({ ...old, answers: change(old.answers) })),
  );
}
