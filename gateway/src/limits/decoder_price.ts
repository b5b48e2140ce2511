import type { AnswerEnd, AnswerStart, DescribeModelResponse } from "@medv/proto/diffusion";
import { type ProfileName, profileName } from "@medv/proto/profile_name";
import type { GenerateInput } from "../services.ts";

type Settings = NonNullable<GenerateInput["settings"]>;

/** What answers of one kind turned out to need. */
type Rate = { readonly passesPerToken: number; readonly msPerPass: number };

/** What is assumed before the first answer: one forward pass for each token, as the published sampler needs. */
const FIRST: Rate = { passesPerToken: 1, msPerPass: 50 };

/** Weight of the newest answer in the running means. */
const NEWEST = 0.2;

/** Predicts how long the decoder works on an answer, from the answers before. */
export class DecoderPrice {
  readonly #rates = new Map<string, Rate>();

  /**
   * Milliseconds of work, without waiting.
   *
   * @param model What holds where the settings say nothing.
   */
  predict(settings: Settings, { defaults, contextLength }: DescribeModelResponse): number {
    const profile = profileName(settings.profile ?? defaults?.profile);
    const { passesPerToken, msPerPass } = this.#rates.get(kindOf(profile, settings)) ?? FIRST;
    // A length that does not fit is refused later on.
    const tokens = Math.min(settings.genLength ?? defaults?.genLength ?? 0, contextLength);
    const passes = Math.min(settings.steps ?? tokens * passesPerToken, contextLength);
    return passes * msPerPass;
  }

  /** Takes in how an answer went. */
  learn(settings: Settings, start: AnswerStart, end: AnswerEnd): void {
    const workMs = end.decodeMs - end.queueMs;
    if (end.forwardPasses === 0 || start.genLength === 0 || workMs <= 0) return;
    const kind = kindOf(profileName(start.profile), settings);
    const msPerPass = workMs / end.forwardPasses;
    const kept = this.#rates.get(kind);
    // A schedule of steps says nothing of what the profile alone needs.
    const passesPerToken =
      settings.steps === undefined ? end.forwardPasses / start.genLength : kept?.passesPerToken;
    this.#rates.set(kind, {
      passesPerToken: mean(kept?.passesPerToken, passesPerToken ?? FIRST.passesPerToken),
      msPerPass: mean(kept?.msPerPass, msPerPass),
    });
  }
}

/** Guidance runs the model twice. */
function kindOf(profile: ProfileName | undefined, { cfgScale = 0 }: Settings): string {
  return `${profile ?? "unknown"}${cfgScale > 0 ? " guided" : ""}`;
}

function mean(kept: number | undefined, newest: number): number {
  return kept === undefined ? newest : kept + NEWEST * (newest - kept);
}
