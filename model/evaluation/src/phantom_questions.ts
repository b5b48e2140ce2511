import type { Dialogue, Turn } from "./dialogue.ts";
import type { PhantomItem } from "./readers/phantoms.ts";
import type { TopicQuestion } from "./scores/majority_answers.ts";

/** Lengths that descriptions are asked at, in tokens. */
export const DESCRIPTION_LENGTHS = [32, 64, 128] as const;

/** A question about a drawn image. */
export type PhantomQuestion = TopicQuestion & {
  /** False where the right answer says that the image is none. */
  readonly isPhantom: boolean;
  readonly modality: string | null;
  /** 0 for one that is asked on its own, else its place in the dialogue. */
  readonly turn: number;
};

/** A description of an exact length. */
export type PhantomDescription = { readonly id: string; readonly genLength: number };

export type PhantomQuestions = {
  readonly questions: readonly PhantomQuestion[];
  readonly descriptions: readonly PhantomDescription[];
  readonly dialogues: readonly Dialogue[];
};

/** Everything that is asked about the images: each question alone, the dialogue in turn, each description at each length. */
export function phantomQuestions(items: readonly PhantomItem[]): PhantomQuestions {
  const questions: PhantomQuestion[] = [];
  const descriptions: PhantomDescription[] = [];
  const dialogues: Dialogue[] = [];
  for (const item of items) {
    const { image, modality } = item;
    const isPhantom = item.facts !== null;
    const add = (
      { question, answer, ...rest }: PhantomItem["questions"][number],
      id: string,
      turn: number,
    ): Turn => {
      const { answer_type: answerType } = rest;
      // Dialogues answer in sentences, questions on their own in a word or two.
      const topic = turn > 0 && rest.topic !== undefined ? `dialogue: ${rest.topic}` : rest.topic;
      questions.push({ id, question, answer, answerType, topic, isPhantom, modality, turn });
      return { id, question };
    };
    for (const [index, each] of item.questions.entries()) {
      dialogues.push({ image, turns: [add(each, `${item.id}/question/${index + 1}`, 0)] });
    }
    const turns = item.dialogue.map((each, index) =>
      add(each, `${item.id}/dialogue/${index + 1}`, index + 1),
    );
    if (turns.length > 0) dialogues.push({ image, turns });
    for (const [index, { question, answer }] of item.descriptions.entries()) {
      const id = `${item.id}/description/${index + 1}`;
      if (!isPhantom) {
        // To refuse takes no length of its own.
        const turn = add({ question, answer, answer_type: "OPEN" }, id, 0);
        dialogues.push({ image, turns: [turn] });
        continue;
      }
      for (const genLength of DESCRIPTION_LENGTHS) {
        const turn = { id: `${id}/${genLength}`, question, genLength };
        descriptions.push({ id: turn.id, genLength });
        dialogues.push({ image, turns: [turn] });
      }
    }
  }
  return { questions, descriptions, dialogues };
}
