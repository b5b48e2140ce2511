import { kindsOf } from "../draw_facts.ts";
import { MODALITIES, type Finding, type FindingKind, type PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { attributePrompts } from "./attribute_prompts.ts";
import { phrase, type Exchange, type Prompt, type Style } from "./exchange.ts";
import { indefinite, isPlural, listed, mention, MODALITY_WORDS, upperFirst } from "./words.ts";

/** An exchange for nearly every topic that the facts can answer, in random order. */
export function exchanges(
  facts: PhantomFacts,
  random: Random,
  { style }: { readonly style: Style },
): readonly Exchange[] {
  const prompts = [
    // What is easy to see is asked less often.
    ...(random.chance(0.5) ? [modalityPrompt(facts, random)] : []),
    ...(random.chance(0.3) ? [regionPrompt(facts)] : []),
    normalPrompt(facts, random),
    presencePrompt(facts, random),
    kindPrompt(facts),
    ...facts.findings.flatMap((finding) => attributePrompts(finding, finding.kind, random)),
    ...(facts.findings.length > 0 ? [secondPrompt(facts, random)] : []),
  ];
  return random.shuffle(prompts).map((prompt) => phrase(prompt, random, style));
}

/** What kind of image it is, open or closed. */
export function modalityPrompt(facts: PhantomFacts, random: Random): Prompt {
  if (random.chance(0.5)) {
    const { article, name } = MODALITY_WORDS[facts.modality];
    return {
      topic: "modality",
      questions: [
        "What kind of image is this?",
        "Which imaging modality is this?",
        "What type of image is shown?",
        "How was this image taken?",
      ],
      short: name,
      long: [
        `This is ${article} ${name}.`,
        `It is ${article} ${name}.`,
        `The image is ${article} ${name}.`,
      ],
    };
  }
  return closedModalityPrompt(facts, random);
}

/** Whether it is the kind of image that the question names; yes a little more often than no. */
export function closedModalityPrompt({ modality }: PhantomFacts, random: Random): Prompt {
  const { article, name } = MODALITY_WORDS[modality];
  const other = random.chance(0.5) ? modality : random.pick(MODALITIES);
  const asked = MODALITY_WORDS[other];
  return {
    topic: "modality",
    questions: [
      `Is this ${asked.article} ${asked.name}?`,
      `Is the image ${asked.article} ${asked.name}?`,
      `Am I looking at ${asked.article} ${asked.name}?`,
    ],
    short: other === modality ? "yes" : "no",
    long:
      other === modality
        ? [`Yes, this is ${article} ${name}.`, `Yes, it is ${article} ${name}.`]
        : [
            `No, this is ${article} ${name}.`,
            `No, it is ${article} ${name}, not ${asked.article} ${asked.name}.`,
          ],
  };
}

function regionPrompt({ modality }: PhantomFacts): Prompt {
  const { region } = MODALITY_WORDS[modality];
  return {
    topic: "region",
    questions: [
      "What part of the body is shown?",
      "What is pictured in this image?",
      "What does the image picture?",
    ],
    short: region,
    long: [`The image shows the ${region}.`, `It shows the ${region}.`, `This is the ${region}.`],
  };
}

/** Whether anything is wrong. */
export function normalPrompt({ findings }: PhantomFacts, random: Random): Prompt {
  const isNormal = findings.length === 0;
  const said = listed(findings.map(mention));
  const asksForNormal = random.chance(0.5);
  const long = isNormal
    ? ["no abnormality is seen.", "nothing abnormal is seen.", "the image looks normal."]
    : [`it shows ${said}.`, `there is an abnormality: ${said}.`, `one can see ${said}.`];
  const short = isNormal === asksForNormal ? "yes" : "no";
  return {
    topic: "normal",
    questions: asksForNormal
      ? ["Is this image normal?", "Does the image look normal?", "Is everything normal here?"]
      : [
          "Is there anything abnormal?",
          "Does the image show any abnormality?",
          "Is there an abnormality in this image?",
        ],
    short,
    long: long.map((text) => `${upperFirst(short)}, ${text}`),
  };
}

/** Whether a kind of finding is there; as often one that is as one that is not. */
export function presencePrompt(facts: PhantomFacts, random: Random): Prompt {
  const present = facts.findings.map(({ kind }) => kind);
  const absent = kindsOf(facts.modality).filter((kind) => !present.includes(kind));
  const kind = random.pick(present.length > 0 && random.chance(0.5) ? present : absent);
  return presenceOf(facts, kind);
}

export function presenceOf(facts: PhantomFacts, kind: FindingKind): Prompt {
  const finding = facts.findings.find((each) => each.kind === kind);
  const thing = indefinite(kind);
  return {
    topic: "presence",
    questions: [
      `Is there ${thing}?`,
      `Is there ${thing} in this image?`,
      `Is ${thing} present?`,
      `Does the image show ${thing}?`,
      `Do you see ${thing}?`,
    ],
    short: finding === undefined ? "no" : "yes",
    long:
      finding === undefined
        ? [
            `No, there is no ${kind}.`,
            `No, no ${kind} is seen.`,
            `No, the image does not show ${thing}.`,
          ]
        : [
            `Yes, there ${isPlural(finding) ? "are" : "is"} ${mention(finding)}.`,
            `Yes, it shows ${mention(finding)}.`,
            `Yes, one can see ${mention(finding)}.`,
          ],
  };
}

/** Whether a kind of finding is there on one side. */
export function presenceOn(
  { findings }: PhantomFacts,
  kind: FindingKind,
  side: "left" | "right",
): Prompt {
  const finding = findings.find((each) => each.kind === kind);
  const isThere = finding?.side === side || finding?.side === "both";
  return {
    topic: "side",
    questions: [
      `Is there ${indefinite(kind)} on the ${side}?`,
      `Do you see ${indefinite(kind)} on the ${side} side?`,
    ],
    short: isThere ? "yes" : "no",
    long: isThere
      ? [`Yes, there is ${indefinite(kind)} on the ${side}.`, `Yes, one is seen on the ${side}.`]
      : [`No, there is no ${kind} on the ${side}.`, `No, none is seen on the ${side}.`],
  };
}

/** What is wrong. */
export function kindPrompt({ modality, findings }: PhantomFacts): Prompt {
  const said = listed(findings.map(mention));
  const { article, name } = MODALITY_WORDS[modality];
  return {
    topic: "kind",
    questions: [
      "What abnormality is seen?",
      "What is abnormal in this image?",
      "Which finding is present?",
      "What is the main finding?",
      "What does this image show?",
      "What do you see?",
    ],
    short: findings.length === 0 ? "none" : listed(findings.map(({ kind }) => kind)),
    long:
      findings.length === 0
        ? [
            `This is a normal ${name}.`,
            `This ${name} shows nothing abnormal.`,
            "No abnormality is seen.",
          ]
        : [
            `This ${name} shows ${said}.`,
            `This is ${article} ${name} with ${said}.`,
            `One can see ${said}.`,
          ],
  };
}

/** What else is there beside one finding. */
export function secondPrompt({ findings }: PhantomFacts, random: Random): Prompt {
  const known = random.pick(findings);
  const other = findings.find(({ kind }) => kind !== known.kind);
  return {
    topic: "second finding",
    questions: [
      `What else is seen beside the ${known.kind}?`,
      `Apart from the ${known.kind}, what else is abnormal?`,
      `What other finding is there beside the ${known.kind}?`,
    ],
    short: other?.kind ?? "nothing else",
    long: elseSentences(other),
  };
}

export function elseSentences(other: Finding | undefined): readonly string[] {
  return other === undefined
    ? ["Nothing else is seen.", "There is no other finding."]
    : [
        `There ${isPlural(other) ? "are" : "is"} also ${mention(other)}.`,
        `It also shows ${mention(other)}.`,
        `One can also see ${mention(other)}.`,
      ];
}
