import { MOST_COUNTED, SEVERITIES, SIZES, type Finding } from "../phantom.ts";
import type { Random } from "../random.ts";
import type { Prompt } from "./exchange.ts";
import {
  attributeWord,
  attributesOf,
  countWord,
  isPlural,
  mention,
  placePhrase,
  plural,
  SIDE_WORDS,
  sizeWord,
  upperFirst,
  type Attribute,
} from "./words.ts";

/** A question about each attribute of a finding, open or closed. @param name What the finding is called in it. */
export function attributePrompts(
  finding: Finding,
  name: string,
  random: Random,
): readonly Prompt[] {
  return attributesOf(finding).map((attribute) =>
    random.chance(0.6)
      ? openPrompt(finding, attribute, name)
      : closedPrompt(finding, attribute, name, random),
  );
}

/** Which, how many, how large, how severe. */
export function openPrompt(finding: Finding, attribute: Attribute, name: string): Prompt {
  const questions: Readonly<Record<Attribute, readonly string[]>> = {
    side: [
      `On which side is the ${name}?`,
      `Which side is the ${name} on?`,
      `Where is the ${name}, left or right?`,
      `Where is the ${name} located?`,
    ],
    count: [
      `How many ${plural(finding.kind)} are there?`,
      `How many ${plural(finding.kind)} do you see?`,
      `What is the number of ${plural(finding.kind)}?`,
    ],
    size: [`How large is the ${name}?`, `What size is the ${name}?`, `How big is the ${name}?`],
    severity: [
      `How severe is the ${name}?`,
      `What is the severity of the ${name}?`,
      `How marked is the ${name}?`,
    ],
  };
  return {
    topic: attribute,
    questions: questions[attribute],
    short: attributeWord(finding, attribute),
    long: statements(finding, attribute),
  };
}

/** Whether an attribute has a value, the right one as often as a wrong one. */
export function closedPrompt(
  finding: Finding,
  attribute: Attribute,
  name: string,
  random: Random,
): Prompt {
  const truth = attributeWord(finding, attribute);
  const others = VALUES[attribute].filter((value) => value !== truth);
  const value = random.chance(0.5) ? truth : random.pick(others);
  const plurals = plural(finding.kind);
  const questions: Readonly<Record<Attribute, readonly string[]>> = {
    side:
      value === SIDE_WORDS.both
        ? [`Is the ${name} on both sides?`, `Are both sides affected by the ${name}?`]
        : [`Is the ${name} only on the ${value}?`, `Is the ${name} on the ${value} side only?`],
    count:
      value === "one"
        ? [`Is there exactly one ${finding.kind}?`, `Is there only one ${finding.kind}?`]
        : [`Are there exactly ${value} ${plurals}?`, `Do you see ${value} ${plurals}?`],
    size: [
      `Is the ${name} ${adjective(value)}?`,
      `Would you call the ${name} ${adjective(value)}?`,
    ],
    severity: [`Is the ${name} ${value}?`, `Would you call the ${name} ${value}?`],
  };
  return {
    topic: attribute,
    questions: questions[attribute],
    short: value === truth ? "yes" : "no",
    long:
      value === truth
        ? statements(finding, attribute).map(
            (text) => `Yes, ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
          )
        : denials(finding, attribute, value),
  };
}

const VALUES: Readonly<Record<Attribute, readonly string[]>> = {
  side: Object.values(SIDE_WORDS),
  count: Array.from({ length: MOST_COUNTED }, (_, index) => countWord(index + 1)),
  size: SIZES,
  severity: SEVERITIES,
};

function adjective(size: string): string {
  return size === "medium" ? sizeWord(size) : size;
}

/** Sentences that say no to a value and tell the true one. */
function denials(finding: Finding, attribute: Attribute, value: string): readonly string[] {
  const { kind, count } = finding;
  const [wrong, right] = [value, attributeWord(finding, attribute)].map((word) =>
    predicate(attribute, word),
  );
  const [subject, verb] = subjectOf(finding);
  return attribute === "count"
    ? [`No, there ${verb} ${right} ${count === 1 ? kind : plural(kind)}, not ${wrong}.`]
    : [
        `No, ${subject} ${verb} not ${wrong} but ${right}.`,
        `No, ${subject} ${verb} ${right}, not ${wrong}.`,
      ];
}

/** What stands behind `is` where an attribute has a value. */
function predicate(attribute: Attribute, value: string): string {
  if (attribute === "side") return value === SIDE_WORDS.both ? `on ${value}` : `on the ${value}`;
  return attribute === "size" ? adjective(value) : value;
}

function subjectOf(finding: Finding): readonly [subject: string, verb: string] {
  return isPlural(finding) ? [`the ${plural(finding.kind)}`, "are"] : [`the ${finding.kind}`, "is"];
}

/** Sentences that tell an attribute. */
function statements(finding: Finding, attribute: Attribute): readonly string[] {
  const { kind, side, count, size, severity } = finding;
  const [subject, verb] = subjectOf(finding);
  const start = upperFirst(subject);
  switch (attribute) {
    case "side":
      return [
        `${start} ${verb} ${placePhrase(side ?? "both")}.`,
        `There ${verb} ${mention(finding)}.`,
      ];
    case "count":
      return [
        `There ${verb} ${countWord(count ?? 1)} ${count === 1 ? kind : plural(kind)}.`,
        `One can see ${mention({ ...finding, size: undefined })}.`,
      ];
    case "size":
      return [`${start} ${verb} ${adjective(size ?? "")}.`, `There ${verb} ${mention(finding)}.`];
    case "severity":
      return [`${start} ${verb} ${severity}.`, `There ${verb} ${mention(finding)}.`];
    default:
      return attribute satisfies never;
  }
}
