import { DOMAIN_CODES } from "@medv/proto/domain_error";
import { PROFILE_NAMES } from "@medv/proto/profile_name";
import { z } from "zod";
import { problemMembers } from "./problem_body.ts";
import { noticeSchema } from "./notice.ts";
import { systemFingerprintSchema } from "./system_fingerprint.ts";
import { usageSchema } from "./usage.ts";

const choice = z.int().meta({ description: "Which of the `n` answers it belongs to, from 0." });

const tokenLogprob = z.object({ text: z.string(), logprob: z.number() }).meta({
  id: "TokenLogprob",
  description:
    "A committed token and the natural logarithm of its confidence at commit; 0 for text that was given.",
});

const imageReady = z
  .object({
    type: z.literal("image-ready"),
    index: z.int().meta({ description: "Which image of the conversation, from 0." }),
    width: z.int(),
    height: z.int(),
    tiles: z.int(),
    cached: z.boolean().meta({
      description:
        "False when the vision tower ran for the request, also ahead of it as this gateway was sent the image.",
    }),
  })
  .meta({ id: "ImageReady" });

const answerStart = z
  .object({
    type: z.literal("answer-start"),
    choice,
    model: z.string(),
    system_fingerprint: systemFingerprintSchema,
    prompt_tokens: z.int(),
    image_rows: z.int(),
    profile: z.enum([...PROFILE_NAMES, "unknown"]),
    gen_length: z.int(),
    block_length: z.int(),
    steps: z.int(),
    seed: z
      .string()
      .meta({ description: "In decimal, as it may exceed what a JSON number holds." }),
    canvas_length: z.int().optional().meta({
      description:
        "Tokens of the canvas before the first run; it may grow up to `gen_length`, or shrink where a choice is shorter than its gap.",
    }),
    given: z
      .array(z.object({ position: z.int(), text: z.string() }))
      .optional()
      .meta({
        description:
          "What a template gives; it moves where the canvas changes its length before it.",
      }),
  })
  .meta({ id: "AnswerStart" });

const coveredToken = z
  .object({
    text: z.string(),
    confidence: z.number().meta({ description: "At commit." }),
    step: z.int().meta({ description: "Denoise step at which it was committed." }),
    covered_step: z.int().meta({ description: "Denoise step at which it was covered again." }),
  })
  .meta({
    id: "CoveredToken",
    description:
      "What stood here, and was covered again since the draft before; the last of it where that happened several times.",
  });

const draftToken = z.object({
  position: z.int(),
  text: z.string(),
  confidence: z.number(),
  committed: z.boolean(),
  step: z
    .int()
    .optional()
    .meta({ description: "Denoise step of the answer, from 0, at which it was committed." }),
  covered_again: coveredToken.optional(),
});

const blockDraft = z
  .object({
    type: z.literal("block-draft"),
    choice,
    block: z.int(),
    forward_passes: z.int(),
    revisions: z.int().meta({ description: "Tokens that were covered again so far." }),
    canvas_length: z.int().optional().meta({
      description:
        "Tokens of the canvas. Behind the block all is covered but what is given; that has moved up where the canvas became shorter.",
    }),
    tokens: z.array(draftToken),
  })
  .meta({ id: "BlockDraft", description: "Provisional tokens; only `text-delta` is final." });

const textDelta = z
  .object({
    type: z.literal("text-delta"),
    choice,
    text: z.string(),
    tokens: z
      .array(tokenLogprob)
      .optional()
      .meta({ description: "The tokens that begin in the text, where `logprobs` asks for them." }),
  })
  .meta({ id: "TextDelta", description: "Committed text; what follows it never changes it." });

const answerEnd = z
  .object({
    type: z.literal("answer-end"),
    choice,
    finish_reason: z.enum(["stop", "length"]),
    usage: usageSchema,
    system_fingerprint: systemFingerprintSchema,
    notice: noticeSchema,
  })
  .meta({ id: "AnswerEnd" });

const streamError = z
  .object({ ...problemMembers, type: z.literal("error"), code: z.enum(DOMAIN_CODES) })
  .meta({
    id: "StreamError",
    description: "What went wrong after the stream had begun; its last.",
  });

const answerEvents = [imageReady, answerStart, blockDraft, textDelta, answerEnd] as const;

/** The schema of {@link AnswerEvent}. */
export const answerEventSchema = z.discriminatedUnion("type", answerEvents);

/** What stands in the native stream: {@link AnswerEvent}s, and an error at the end of one that broke. */
export const streamEventSchema = z
  .discriminatedUnion("type", [...answerEvents, streamError])
  .meta({ id: "StreamEvent" });

/** One event of the native stream, as it stands on the wire. */
export type AnswerEvent = z.output<typeof answerEventSchema>;

/** An event of one of the `n` answers, without its number. */
export type ChoiceEvent = WithoutChoice<Exclude<AnswerEvent, { type: "image-ready" }>>;

/** A token of a draft, as it stands on the wire. */
export type DraftedToken = z.output<typeof draftToken>;

/** A token and its log-confidence, as they stand on the wire. */
export type TokenLogprob = z.output<typeof tokenLogprob>;

type WithoutChoice<Event> = Event extends unknown ? Omit<Event, "choice"> : never;
