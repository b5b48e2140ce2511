import { DomainError } from "@medv/proto";

/** The error for a DICOM file that contradicts itself or ends early; `state` quotes nothing of the file but numbers. */
export function damagedDicom(state: string): DomainError {
  return new DomainError(
    "damaged_image",
    `Cannot read the image as it must be a whole DICOM file: ${state}`,
    { hint: "Send the whole file again" },
  );
}

/** The error for a DICOM file whose pixels are of a kind that is not taken. */
export function unsupportedDicom(rule: string, state: string): DomainError {
  return new DomainError("unsupported_image", `Cannot read the DICOM file as ${rule}: ${state}`, {
    hint: "Send the image as PNG",
  });
}
