/** Where a LLaDA-MedV checkpoint keeps the vision tower; a SigLIP2 checkpoint has only the last part. */
export const VISION_PREFIX = "model.vision_tower.vision_tower.vision_model.";

/** The learned vector that ends a row of an image map. */
export const IMAGE_NEWLINE = "model.image_newline";
