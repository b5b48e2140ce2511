import { DomainError } from "@medv/proto";

/** The error for a file that is not whole; `state` quotes nothing of it but numbers. */
export function damagedImage(format: string, state: string, cause?: unknown): DomainError {
  return new DomainError(
    "damaged_image",
    `Cannot read the image as it must be a whole ${format.toUpperCase()}: ${state}`,
    { cause, hint: "Send the whole file again" },
  );
}
