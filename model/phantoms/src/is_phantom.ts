/** One image in sixteen. */
const NON_PHANTOM_EVERY = 16;

/** Whether the image of a number shows a phantom, or something that a model must not take for one. */
export function isPhantom(index: number): boolean {
  return index % NON_PHANTOM_EVERY !== NON_PHANTOM_EVERY - 1;
}
