import { upperFirst } from "./words.ts";

/** How a description ends, and the questions that ask for it. */
export type DescriptionForm = {
  readonly questions: readonly string[];
  /** What a description of an image without findings ends with; `name` and `article` are the modality's. */
  readonly normal: (image: ImageName) => string;
  /** What a description of an image with findings ends with. */
  readonly found: (image: ImageName, said: string) => string;
};

type ImageName = { readonly article: string; readonly name: string };

/**
 * A report follows a form, and the question tells which. From form to form the words of its end differ; within one, the
 * image and the length decide every word, as who fills all places at once has to know what will stand at the others.
 */
export const DESCRIPTION_FORMS: readonly DescriptionForm[] = [
  {
    questions: ["Describe this image in detail.", "What can be said about this image in detail?"],
    normal: ({ name }) => `This ${name} shows nothing abnormal.`,
    found: ({ name }, said) => `This ${name} shows ${said}.`,
  },
  {
    questions: ["Describe the findings in detail."],
    normal: ({ name }) => `Nothing abnormal is seen on this ${name}.`,
    found: ({ name }, said) => `${upperFirst(said)}, seen on this ${name}.`,
  },
  {
    questions: ["Give a detailed description of the image."],
    normal: ({ article, name }) => `This is ${article} ${name} that shows nothing abnormal.`,
    found: ({ article, name }, said) => `This is ${article} ${name} with ${said}.`,
  },
  {
    questions: ["Write a detailed report of this image."],
    normal: ({ name }) => `Normal ${name}.`,
    found: ({ name }, said) => `${upperFirst(name)} with ${said}.`,
  },
];
