import { DomainError } from "@medv/proto";

/** Taken, or refused with a code and words that say what, why and what to do. */
export const CLEAR = /^(?:taken|(?:invalid_request|image_too_large): Cannot .+ as .+)$/;

/** What becomes of what a parser is given: "taken", or the error that it is answered with; anything else is thrown on. */
export function outcomeOf(parse: () => unknown): string {
  try {
    parse();
    return "taken";
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
}
