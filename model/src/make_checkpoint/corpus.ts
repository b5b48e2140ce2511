/** Sentences about drawn medical images, from which the project's own tokenizer learns its words. */
export function corpus(): string {
  const lines: string[] = [];
  for (const modality of MODALITIES) {
    for (const finding of FINDINGS) {
      for (const side of SIDES) {
        lines.push(
          `This ${modality} shows a ${finding} in the ${side} part of the image.`,
          `Is there a ${finding} on the ${side} side? Yes, a ${finding} is present.`,
          `No ${finding} is seen on the ${side}. The rest of the ${modality} looks normal.`,
          `What does the ${modality} show? It shows one small ${finding}, best seen on the ${side}.`,
        );
      }
    }
  }
  lines.push(
    "You are a helpful language and vision assistant. You are able to understand the visual content that the user provides, and assist the user with a variety of tasks using natural language.",
    "You are a helpful medical language and vision assistant.",
    "system user assistant Answer concisely in English. Describe the findings and the impression in detail.",
    "FINDINGS: The heart size is within normal limits. The lungs are clear. IMPRESSION: No acute abnormality.",
    "How many lesions are there? There are two, three, four or five of them, mild, moderate or severe.",
  );
  return lines.join("\n");
}

const MODALITIES = [
  "chest X-ray",
  "MRI",
  "CT scan",
  "histology slide",
  "gross pathology photograph",
];
const FINDINGS = [
  "nodule",
  "mass",
  "pleural effusion",
  "fracture",
  "haemorrhage",
  "oedema",
  "cyst",
  "tumour",
  "opacity",
  "calcification",
  "ulcer",
  "gland",
];
const SIDES = ["left", "right", "upper left", "lower right", "central"];
