import { Profile } from "./gen/medv/v1/diffusion_pb.ts";

const NUMBERS = {
  exact: Profile.EXACT,
  prefix: Profile.PREFIX,
  balanced: Profile.BALANCED,
  fast: Profile.FAST,
  careful: Profile.CAREFUL,
} as const;

/** Named sets of decoding settings. */
export type ProfileName = keyof typeof NUMBERS;
export const PROFILE_NAMES = [
  "exact",
  "prefix",
  "balanced",
  "fast",
  "careful",
] as const satisfies readonly ProfileName[];

/** The wire's number of a profile. */
export function profileNumber(name: ProfileName): Profile {
  return NUMBERS[name];
}

/** The profile that the wire names; undefined where it names none that is known. */
export function profileName(number: Profile = Profile.UNSPECIFIED): ProfileName | undefined {
  return PROFILE_NAMES.find((name) => NUMBERS[name] === number);
}
