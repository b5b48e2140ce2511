import {
  FINDING_KINDS,
  MODALITIES,
  MOST_COUNTED,
  SEVERITIES,
  SIZES,
  type Finding,
  type FindingKind,
  type FindingTraits,
  type Modality,
  type PhantomFacts,
} from "./phantom.ts";
import type { Random } from "./random.ts";

/** Decides what a phantom shows, before anything is drawn. */
export function drawFacts(random: Random): PhantomFacts {
  const modality = random.pick(MODALITIES);
  const u = random.uniform();
  const count = u < 0.22 ? 0 : u < 0.68 ? 1 : 2;
  const all = kindsOf(modality);
  const drawn = new Set(random.shuffle(all).slice(0, count));
  // In the order of the table, so that a list of them can be told from the picture.
  const kinds = all.filter((kind) => drawn.has(kind));
  const findings = kinds.map((kind) => drawFinding(modality, kind, random));
  return { modality, findings: apart(findings, random) };
}

/** Findings that would hide each other in one lung. */
const FILLS_A_LUNG: readonly FindingKind[] = ["nodule", "pneumothorax", "consolidation"];

/** Two findings that fill a lung lie in one each. */
function apart(findings: readonly Finding[], random: Random): readonly Finding[] {
  if (findings.filter(({ kind }) => FILLS_A_LUNG.includes(kind)).length < 2) return findings;
  const first = random.chance(0.5) ? 0 : 1;
  return findings.map((finding, index) => ({
    ...finding,
    side: index === first ? "left" : "right",
  }));
}

/** The kinds of finding that a modality can show, in the order of the table. */
export function kindsOf(modality: Modality): readonly FindingKind[] {
  // Keys of the table are finding kinds by its type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.keys(FINDING_KINDS[modality]) as FindingKind[];
}

/** Those that can be on the left, on the right or on both sides. */
export function sidedKinds(modality: Modality): readonly FindingKind[] {
  return kindsOf(modality).filter((kind) => traitsOf(modality, kind).side);
}

/** Which attributes a kind of finding has. */
export function traitsOf(modality: Modality, kind: FindingKind): FindingTraits {
  const kinds: Readonly<Record<string, FindingTraits>> = FINDING_KINDS[modality];
  const traits = kinds[kind];
  if (traits === undefined) throw new RangeError(`Cannot find "${kind}" in a ${modality}`);
  return traits;
}

function drawFinding(modality: Modality, kind: FindingKind, random: Random): Finding {
  const traits = traitsOf(modality, kind);
  const u = random.uniform();
  const side = !traits.side ? undefined : u < 0.42 ? "left" : u < 0.84 ? "right" : "both";
  return {
    kind,
    side,
    // On both sides there are at least two.
    count: traits.count ? random.integer(side === "both" ? 2 : 1, MOST_COUNTED) : undefined,
    size: traits.size ? random.pick(SIZES) : undefined,
    severity: traits.severity ? random.pick(SEVERITIES) : undefined,
  };
}
