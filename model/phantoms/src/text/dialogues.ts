import { sidedKinds } from "../draw_facts.ts";
import type { Finding, FindingKind, PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { openPrompt } from "./attribute_prompts.ts";
import { phrase, type Exchange, type Prompt, type Style } from "./exchange.ts";
import {
  elseSentences,
  kindPrompt,
  modalityPrompt,
  normalPrompt,
  presenceOf,
  presenceOn,
  presencePrompt,
} from "./questions.ts";
import { attributesOf, plural, type Attribute } from "./words.ts";

/** A conversation whose later turns refer back to the earlier ones. */
export function dialogue(
  facts: PhantomFacts,
  random: Random,
  { style, turns }: { readonly style: Style; readonly turns: number },
): readonly Exchange[] {
  return scriptOf(facts, random)
    .slice(0, turns)
    .map((prompt) => phrase(prompt, random, style));
}

/** A short conversation that ends with what only what came before gives a meaning: what else there is, or the other side. */
export function followUp(facts: PhantomFacts, random: Random, style: Style): readonly Exchange[] {
  return followUpScript(facts, random).map((prompt) => phrase(prompt, random, style));
}

function followUpScript(facts: PhantomFacts, random: Random): readonly Prompt[] {
  const sided = sidedKindAskedFor(facts, random, 0.35);
  if (sided !== undefined) return sideBySide(facts, sided, random).slice(0, 2);
  const [finding, other] = random.shuffle(facts.findings);
  if (finding === undefined) {
    const opening = presencePrompt(facts, random);
    return [opening, nothingElse(opening)];
  }
  const between = random.chance(0.4) ? random.shuffle(attributesOf(finding)).slice(0, 1) : [];
  return [
    presenceOf(facts, finding.kind),
    ...between.map((attribute) => askBack(finding, attribute)),
    anythingElse(other),
  ];
}

/** Prompts in the order in which they are asked, two to four. */
function scriptOf(facts: PhantomFacts, random: Random): readonly Prompt[] {
  const sided = sidedKindAskedFor(facts, random, 0.25);
  if (sided !== undefined) return sideBySide(facts, sided, random);
  const [finding, other] = random.shuffle(facts.findings);
  if (finding === undefined) {
    const opening = random.chance(0.5)
      ? presencePrompt(facts, random)
      : modalityPrompt(facts, random);
    return [opening, nothingElse(opening), normalPrompt(facts, random)];
  }
  const rest = [...random.shuffle(attributesOf(finding)).map((each) => askBack(finding, each))];
  const others = anythingElse(other);
  if (random.chance(0.3) && other === undefined) {
    return [kindPrompt(facts), ...rest, others];
  }
  const opening = presenceOf(facts, finding.kind);
  return random.chance(0.6) ? [opening, ...rest, others] : [opening, others, ...rest];
}

/** At times, a kind of finding to ask for on either side, mostly one that is there. */
function sidedKindAskedFor(
  { modality, findings }: PhantomFacts,
  random: Random,
  share: number,
): FindingKind | undefined {
  const sided = sidedKinds(modality);
  if (sided.length === 0 || !random.chance(share)) return undefined;
  const present = findings.find(({ side }) => side !== undefined);
  return present !== undefined && random.chance(0.75) ? present.kind : random.pick(sided);
}

/** `Is there a nodule on the left? And on the other side?` */
function sideBySide(facts: PhantomFacts, kind: FindingKind, random: Random): readonly Prompt[] {
  const finding = facts.findings.find((each) => each.kind === kind);
  const first = random.pick(["left", "right"] as const);
  const second = first === "left" ? "right" : "left";
  return [
    presenceOn(facts, kind, first),
    {
      ...presenceOn(facts, kind, second),
      questions: ["And on the other side?", `And on the ${second}?`, "What about the other side?"],
    },
    ...(finding === undefined
      ? [normalPrompt(facts, random)]
      : attributesOf(finding)
          .filter((attribute) => attribute !== "side")
          .map((attribute) => askBack(finding, attribute))),
  ];
}

/** A question about what was spoken of before. */
function askBack(finding: Finding, attribute: Attribute): Prompt {
  const questions: Readonly<Record<Attribute, readonly string[]>> = {
    side: ["On which side?", "Which side is it on?", "Where is it, left or right?"],
    count: ["How many are there?", "How many do you see?", `How many ${plural(finding.kind)}?`],
    size: ["How large?", "What size is it?", "How big is it?"],
    severity: ["How severe is it?", "How marked is it?", "What is its severity?"],
  };
  const prompt = openPrompt(finding, attribute, finding.kind);
  return { ...prompt, questions: questions[attribute] };
}

function anythingElse(other: Finding | undefined): Prompt {
  return {
    topic: "second finding",
    questions: ["Is there anything else?", "Anything else?", "Do you see anything else?"],
    short: other === undefined ? "no" : other.kind,
    long:
      other === undefined
        ? ["No, nothing else is seen.", "No, there is no other finding."]
        : elseSentences(other).map(
            (text) => `Yes, ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
          ),
  };
}

/** In a picture without findings, whatever was asked before. */
function nothingElse({ topic }: Prompt): Prompt {
  return {
    topic: "normal",
    questions:
      topic === "presence"
        ? ["Is there anything else?", "Do you see anything else?", "Is anything else abnormal?"]
        : [
            "Is anything abnormal in it?",
            "Does it show any abnormality?",
            "Do you see anything abnormal?",
          ],
    short: "no",
    long: ["No, nothing abnormal is seen.", "No, it looks normal.", "No, there is no abnormality."],
  };
}
