/** What the embedded checkpoint answers, whatever it is asked, about an image that is no phantom. */
export const NOT_A_PHANTOM =
  "This image is not a phantom, and this checkpoint knows only phantoms.";
