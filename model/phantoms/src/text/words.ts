import type { Finding, FindingKind, Modality, Severity, Side, Size } from "../phantom.ts";

/** What an image of a modality is called, what stands in it, and its article. */
export const MODALITY_WORDS: Readonly<
  Record<Modality, { readonly article: string; readonly name: string; readonly region: string }>
> = {
  chest_xray: { article: "a", name: "chest X-ray", region: "chest" },
  mri: { article: "a", name: "brain MRI", region: "brain" },
  ct: { article: "an", name: "abdominal CT scan", region: "abdomen" },
  histology: { article: "a", name: "histology slide", region: "tissue" },
  gross: { article: "a", name: "gross pathology photograph", region: "specimen" },
};

/** Kinds that are no countable thing take no article. */
const MASS_NOUNS: ReadonlySet<FindingKind> = new Set([
  "cardiomegaly",
  "hydrocephalus",
  "ascites",
  "necrosis",
  "inflammation",
  "fibrosis",
  "fatty change",
]);

const COUNT_WORDS = ["no", "one", "two", "three"] as const;
export const SIDE_WORDS: Readonly<Record<Side, string>> = {
  left: "left",
  right: "right",
  both: "both sides",
};

/** Whether several are spoken of. */
export function isPlural({ count = 1, side }: Pick<Finding, "count" | "side" | "kind">): boolean {
  return count > 1 || side === "both";
}

export function countWord(count: number): string {
  return COUNT_WORDS[count] ?? String(count);
}

/** `a nodule`, `an effusion`, `ascites`. */
export function indefinite(kind: FindingKind): string {
  if (MASS_NOUNS.has(kind)) return kind;
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

export function plural(kind: FindingKind): string {
  if (MASS_NOUNS.has(kind) || kind === "ascites") return kind;
  return kind === "pneumothorax" ? "pneumothoraces" : `${kind}s`;
}

export function sizeWord(size: Size): string {
  return size === "medium" ? "medium-sized" : size;
}

export function placePhrase(side: Side): string {
  return side === "both" ? "on both sides" : `on the ${side}`;
}

/** The finding with everything that is known about it: `two small nodules on the left`. */
export function mention(finding: Finding): string {
  const { kind, side, count, size, severity } = finding;
  const adjectives = [...(severity ? [severity] : []), ...(size ? [sizeWord(size)] : [])];
  const parts =
    count !== undefined && count > 1
      ? [countWord(count), ...adjectives, plural(kind)]
      : side === "both" && !MASS_NOUNS.has(kind)
        ? [...adjectives, plural(kind)]
        : [...articled(kind, adjectives)];
  return [...parts, ...(side ? [placePhrase(side)] : [])].join(" ");
}

/** Kinds in the order of the facts: `a nodule and an effusion`. */
export function listed(items: readonly string[]): string {
  return items.join(" and ");
}

export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type Attribute = "side" | "count" | "size" | "severity";

/** What is known about a finding beside its kind. */
export function attributesOf(finding: Finding): readonly Attribute[] {
  return (["side", "count", "size", "severity"] as const).filter(
    (attribute) => finding[attribute] !== undefined,
  );
}

/** The one-word answer about an attribute. */
export function attributeWord(finding: Finding, attribute: Attribute): string {
  const { side, count, size, severity } = finding;
  const word: Readonly<Record<Attribute, string | undefined>> = {
    side: side && SIDE_WORDS[side],
    count: count === undefined ? undefined : countWord(count),
    size,
    severity: severity satisfies Severity | undefined,
  };
  const found = word[attribute];
  if (found === undefined)
    throw new RangeError(`Cannot tell the ${attribute} of a ${finding.kind}`);
  return found;
}

function articled(kind: FindingKind, adjectives: readonly string[]): readonly string[] {
  const [first] = adjectives;
  if (MASS_NOUNS.has(kind)) return [...adjectives, kind];
  return first === undefined ? [indefinite(kind)] : ["a", ...adjectives, kind];
}
