/** What a profile is, in a few words; a profile that the page does not know goes by its name alone. */
export const PROFILE_TEXTS: Readonly<Record<string, string | undefined>> = {
  exact: "the published sampler: one full look for every token",
  balanced: "commits what is certain together, block by block",
  fast: "as balanced, at a higher risk",
  careful: "as balanced, and covers again what it comes to doubt",
  prefix: "the upstream cached sampler: several tokens at a look",
};
