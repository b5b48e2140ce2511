/** Addresses of the replicas of each service that confirmed something. */
export type ConfirmedBy = {
  readonly vision: ReadonlySet<string>;
  readonly diffusion: ReadonlySet<string>;
};

/** Before anybody was asked. */
export const CONFIRMED_BY_NONE: ConfirmedBy = { vision: new Set(), diffusion: new Set() };

/** Those that confirmed one thing or the other; who confirmed both counts once. */
export function confirmedByEither(one: ConfirmedBy, other: ConfirmedBy): ConfirmedBy {
  return {
    vision: new Set([...one.vision, ...other.vision]),
    diffusion: new Set([...one.diffusion, ...other.diffusion]),
  };
}
