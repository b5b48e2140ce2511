import type { FindingKind } from "../phantom.ts";
import { either, indefinite, plural, upperFirst } from "./words.ts";

/** The words of a description, and the questions that ask for it. */
export type DescriptionForm = {
  readonly questions: readonly string[];
  /** What a description of an image without findings ends with; `name` and `article` are the modality's. */
  readonly normal: (image: ImageName) => string;
  /** What a description of an image with findings ends with. */
  readonly found: (image: ImageName, said: string) => string;
  /** What is not there, at least one kind. */
  readonly absent: (kinds: readonly FindingKind[]) => string;
};

type ImageName = { readonly article: string; readonly name: string };

/**
 * A report follows a form, and the question tells which. From form to form the words differ; within one, the image and
 * the length decide every word, as who fills all places at once has to know what will stand at the others.
 */
export const DESCRIPTION_FORMS: readonly DescriptionForm[] = [
  {
    questions: ["Describe this image in detail.", "What can be said about this image in detail?"],
    normal: ({ name }) => `This ${name} shows nothing abnormal.`,
    found: ({ name }, said) => `This ${name} shows ${said}.`,
    absent: (kinds) => `There is no ${either(kinds)}.`,
  },
  {
    questions: ["Describe the findings in detail."],
    normal: ({ name }) => `Nothing abnormal is seen on this ${name}.`,
    found: ({ name }, said) => `${upperFirst(said)}, seen on this ${name}.`,
    absent: (kinds) => `No ${either(kinds)} is seen.`,
  },
  {
    questions: ["Give a detailed description of the image."],
    normal: ({ article, name }) => `This is ${article} ${name} that shows nothing abnormal.`,
    found: ({ article, name }, said) => `This is ${article} ${name} with ${said}.`,
    absent: (kinds) => `The image does not show ${either(kinds.map(indefinite))}.`,
  },
  {
    questions: ["Write a detailed report of this image."],
    normal: ({ name }) => `Normal ${name}.`,
    found: ({ name }, said) => `${upperFirst(name)} with ${said}.`,
    absent: (kinds) => `Signs of ${either(kinds.map(plural))} are absent.`,
  },
];
