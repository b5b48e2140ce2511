import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** One object of Kubernetes, as it stands in a file. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
} & Readonly<Record<string, unknown>>;

/** The three ways to install; each is an overlay, values of the chart, and a rendered file. */
export const OVERLAYS = ["laptop", "cpu", "gpu"] as const;

export type Overlay = (typeof OVERLAYS)[number];

/**
 * The objects of a text of YAML documents.
 *
 * @throws {RangeError} If it is no YAML, or a document is no object of Kubernetes.
 */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => {
    const error = document.errors[0];
    if (error !== undefined) {
      throw new RangeError(`Cannot read manifests as they must be YAML: ${error.message}`);
    }
    const object: unknown = document.toJS();
    if (object === null) return [];
    if (!isManifest(object)) {
      throw new RangeError(
        "Cannot read manifests as every document must have apiVersion, kind and metadata.name",
      );
    }
    return [object];
  });
}

/** The objects of an overlay, from the rendered file in the repository. */
export function readRendered(overlay: Overlay): readonly Manifest[] {
  return parseManifests(readFileSync(renderedPath(overlay), "utf8"));
}

export function renderedPath(overlay: Overlay): string {
  return join(import.meta.dirname, "rendered", `${overlay}.yaml`);
}

function isManifest(object: unknown): object is Manifest {
  if (typeof object !== "object" || object === null) return false;
  if (!("apiVersion" in object && "kind" in object && "metadata" in object)) return false;
  const { apiVersion, kind, metadata } = object;
  return (
    typeof apiVersion === "string" &&
    typeof kind === "string" &&
    typeof metadata === "object" &&
    metadata !== null &&
    "name" in metadata &&
    typeof metadata.name === "string"
  );
}
