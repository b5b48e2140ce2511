/** The paper's five modalities. */
export const MODALITIES = ["chest_xray", "mri", "ct", "histology", "gross"] as const;
export type Modality = (typeof MODALITIES)[number];

/** The patient's side, by radiological convention: the patient's left lies on the right of the image. */
export const SIDES = ["left", "right", "both"] as const;
export type Side = (typeof SIDES)[number];
export const SIZES = ["small", "medium", "large"] as const;
export type Size = (typeof SIZES)[number];
export const SEVERITIES = ["mild", "moderate", "severe"] as const;
export type Severity = (typeof SEVERITIES)[number];
/** Most that are drawn of one kind. */
export const MOST_COUNTED = 3;

/** Which attributes a kind of finding has; an attribute that is absent cannot be asked for. */
export type FindingTraits = {
  readonly side: boolean;
  readonly count: boolean;
  readonly size: boolean;
  readonly severity: boolean;
};

/** Every kind of finding, by modality: the same word is never used in two modalities. */
export const FINDING_KINDS = {
  chest_xray: {
    nodule: { side: true, count: true, size: true, severity: false },
    effusion: { side: true, count: false, size: false, severity: true },
    pneumothorax: { side: true, count: false, size: false, severity: true },
    consolidation: { side: true, count: false, size: true, severity: false },
    cardiomegaly: { side: false, count: false, size: false, severity: true },
  },
  mri: {
    tumor: { side: true, count: false, size: true, severity: false },
    "white matter lesion": { side: true, count: true, size: false, severity: false },
    hemorrhage: { side: true, count: false, size: true, severity: false },
    hydrocephalus: { side: false, count: false, size: false, severity: true },
  },
  ct: {
    "liver lesion": { side: false, count: true, size: true, severity: false },
    "kidney cyst": { side: true, count: false, size: true, severity: false },
    "kidney stone": { side: true, count: true, size: false, severity: false },
    ascites: { side: false, count: false, size: false, severity: true },
    "aortic aneurysm": { side: false, count: false, size: true, severity: false },
  },
  histology: {
    necrosis: { side: false, count: false, size: true, severity: false },
    inflammation: { side: false, count: false, size: false, severity: true },
    "giant cell": { side: false, count: true, size: false, severity: false },
    fibrosis: { side: false, count: false, size: false, severity: true },
  },
  gross: {
    "tumor nodule": { side: false, count: true, size: true, severity: false },
    "blood clot": { side: false, count: false, size: true, severity: false },
    ulcer: { side: false, count: true, size: false, severity: false },
    "fatty change": { side: false, count: false, size: false, severity: true },
  },
} as const satisfies Readonly<Record<Modality, Readonly<Record<string, FindingTraits>>>>;

export type FindingKind = {
  [M in Modality]: keyof (typeof FINDING_KINDS)[M];
}[Modality];

/** One thing that is wrong in the picture; attributes that its kind does not have are undefined. */
export type Finding = {
  readonly kind: FindingKind;
  readonly side: Side | undefined;
  /** 1 to {@link MOST_COUNTED}. */
  readonly count: number | undefined;
  readonly size: Size | undefined;
  readonly severity: Severity | undefined;
};

/** What there is to know about a phantom: all texts are written from this alone. */
export type PhantomFacts = {
  readonly modality: Modality;
  /** None, one or two, of different kinds. */
  readonly findings: readonly Finding[];
};

/** Pixels as a camera or a scanner gives them, row by row. */
export type PhantomImage = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** A Uint16Array uses the whole range 0 to 65,535. */
  readonly data: Uint8Array | Uint16Array;
};

/** A drawn image and everything that is known about it. */
export type Phantom = {
  /** Split and number, such as `train-000123`. */
  readonly id: string;
  readonly facts: PhantomFacts;
  readonly image: PhantomImage;
  /** What lies at each pixel, `[height, width]`: an index into {@link DENSE_CLASSES}. */
  readonly labels: Uint8Array;
};

/** What a pixel can show: outside of the body, the body of one modality, or a finding. */
export const DENSE_CLASSES: readonly string[] = [
  "outside",
  ...MODALITIES,
  ...MODALITIES.flatMap((modality) => Object.keys(FINDING_KINDS[modality])),
];

/** Seeds never meet: a phantom belongs to one split. */
export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];
