import type { FindingKind, Modality } from "../phantom.ts";

/**
 * What is said of each kind of finding: what it looks like in the drawings, or that it is not there. Each sentence has
 * eight tokens, as those of the {@link ANATOMY} have.
 */
export const KIND_SENTENCES: Readonly<
  Record<FindingKind, { readonly present: string; readonly absent: string }>
> = {
  nodule: {
    present: "A nodule is a round bright spot.",
    absent: "There is no nodule in the lungs.",
  },
  effusion: {
    present: "The effusion hides part of the diaphragm.",
    absent: "There is no effusion below the lungs.",
  },
  pneumothorax: {
    present: "The pneumothorax is air without any vessels.",
    absent: "There is no pneumothorax beside the lungs.",
  },
  consolidation: {
    present: "The consolidation is cloudy with ragged edges.",
    absent: "There is no consolidation in the lungs.",
  },
  cardiomegaly: {
    present: "The cardiomegaly makes the heart very wide.",
    absent: "There is no cardiomegaly in this image.",
  },
  tumor: {
    present: "The tumor is lobed and stands out.",
    absent: "There is no tumor in the brain.",
  },
  "white matter lesion": {
    present: "A white matter lesion is bright there.",
    absent: "There is no white matter lesion here.",
  },
  hemorrhage: {
    present: "The hemorrhage is dark with ragged edges.",
    absent: "There is no hemorrhage in the brain.",
  },
  hydrocephalus: {
    present: "The hydrocephalus has widened both the ventricles.",
    absent: "There is no hydrocephalus in the brain.",
  },
  "liver lesion": {
    present: "A liver lesion is a dark spot.",
    absent: "There is no lesion in the liver.",
  },
  "kidney cyst": {
    present: "A kidney cyst is a dark ball.",
    absent: "There is no cyst on the kidneys.",
  },
  "kidney stone": {
    present: "A kidney stone is a bright dot.",
    absent: "There is no stone in the kidneys.",
  },
  ascites: {
    present: "The ascites is fluid around the organs.",
    absent: "There is no ascites around the organs.",
  },
  "aortic aneurysm": {
    present: "The aortic aneurysm has widened the aorta.",
    absent: "There is no aneurysm of the aorta.",
  },
  necrosis: {
    present: "The necrosis is pale and without nuclei.",
    absent: "There is no necrosis in the tissue.",
  },
  inflammation: {
    present: "The inflammation brings many small dark cells.",
    absent: "There is no inflammation in the tissue.",
  },
  "giant cell": {
    present: "A giant cell has many nuclei inside.",
    absent: "There is no giant cell in sight.",
  },
  fibrosis: {
    present: "The fibrosis is seen as dense bands.",
    absent: "There is no fibrosis in the tissue.",
  },
  "tumor nodule": {
    present: "A tumor nodule is a pale lump.",
    absent: "There is no tumor nodule on it.",
  },
  "blood clot": {
    present: "A blood clot is a black patch.",
    absent: "There is no blood clot on it.",
  },
  ulcer: {
    present: "An ulcer has a dark sunken floor.",
    absent: "There is no ulcer on the surface.",
  },
  "fatty change": {
    present: "The fatty change shows as yellow patches.",
    absent: "There is no fatty change to see.",
  },
};

/**
 * What is true of every drawing of a modality, in the order in which it is told. Each sentence has eight tokens: who fills
 * all places at once then knows which of them a place belongs to.
 */
export const ANATOMY: Readonly<Record<Modality, readonly string[]>> = {
  chest_xray: [
    "The ribs are seen on both sides.",
    "The heart is bright between the lungs.",
    "The lungs hold air and are dark.",
    "The collar bones cross the upper chest.",
    "The spine stands behind the bright heart.",
    "The diaphragm closes the chest from below.",
    "The picture was taken from the front.",
    "The vessels spread out into the lungs.",
    "The ribs and the spine are bright.",
    "The heart hides part of a lung.",
    "The lungs are seen as a whole.",
    "The diaphragm lies below the two lungs.",
  ],
  mri: [
    "The skull lies around the whole brain.",
    "The two halves are alike in shape.",
    "The ventricles lie in the very middle.",
    "The cortex is folded along its edge.",
    "The white matter lies below the cortex.",
    "The slice lies across the whole head.",
    "The midline divides the brain in two.",
    "The space around the head is black.",
    "The skull is bright in the picture.",
    "The fluid lies in the two ventricles.",
    "The cortex lies outside the white matter.",
    "The white matter surrounds the two ventricles.",
  ],
  ct: [
    "The large liver lies on the right.",
    "The small spleen lies on the left.",
    "The two kidneys lie beside the spine.",
    "The spine is bone and is bright.",
    "The aorta runs in front of it.",
    "A layer of fat surrounds the body.",
    "The slice lies across the whole abdomen.",
    "The bowel is seen in the front.",
    "The fat is darker than the organs.",
    "The space around the body is black.",
    "The liver is wider than the spleen.",
    "The kidneys are seen on both sides.",
  ],
  histology: [
    "The tissue is stained pink and purple.",
    "The nuclei are seen as purple dots.",
    "The pink fibres lie between the cells.",
    "A few round glands are cut across.",
    "The slide was taken through a microscope.",
    "The cells are spread over the field.",
    "The stain is even over the slide.",
    "The borders of the glands are sharp.",
    "The background of the slide is pale.",
    "The glands are round in the slide.",
    "The cells lie between the round glands.",
    "The cells are alike in this slide.",
  ],
  gross: [
    "The organ lies on a coloured mat.",
    "The surface is smooth and is moist.",
    "The organ is brown to dark red.",
    "The surface has a few bright dots.",
    "The whole specimen was photographed from above.",
    "The edge of the organ is rounded.",
    "The whole organ is in the picture.",
    "The background around the organ is plain.",
    "The photograph is sharp over the organ.",
    "The mat is wider than the organ.",
    "The organ lies in the very middle.",
    "The mat is coloured and is even.",
  ],
};
