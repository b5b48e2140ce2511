/** The body of a question, about an image where there is one. */
export function question(model: string, settings: object, image?: string): string {
  const text = { type: "text", text: "What does this image show?" };
  const content =
    image === undefined ? [text] : [{ type: "image_url", image_url: { url: image } }, text];
  return JSON.stringify({ model, messages: [{ role: "user", content }], ...settings });
}
