/** What may be said of an image that is taken all the same; codes stay. */
export const WARNING_CODES = [
  "first_frame_only",
  "alpha_on_black",
  "burned_in_annotation",
  "secondary_capture",
  "very_small",
  "very_dark",
  "very_bright",
  "blurred",
] as const;

/** One of {@link WARNING_CODES}. */
export type WarningCode = (typeof WARNING_CODES)[number];

/** The texts may change. */
const WARNINGS: Readonly<Record<WarningCode, string>> = {
  first_frame_only: "The file has several frames or pages: only the first is looked at",
  alpha_on_black: "The image is partly transparent: it is laid on black",
  burned_in_annotation: "The file says that text is burned into its pixels: it may hold a name",
  secondary_capture:
    "The image is a secondary capture (a screenshot, a scan or a video frame): text in it may hold a name",
  very_small: "The image is very small: details are missing",
  very_dark: "The image is very dark",
  very_bright: "The image is very bright",
  blurred: "The image looks blurred",
};

/** A warning as it stands on the wire. */
export type ImageWarning = { readonly code: WarningCode; readonly message: string };

/** The warning of a code. */
export function imageWarning(code: WarningCode): ImageWarning {
  return { code, message: WARNINGS[code] };
}
