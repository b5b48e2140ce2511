/** What is asked, and further fields of the body or others. */
type Changes = { readonly text?: string; readonly [field: string]: unknown };

/** The body of a question about images, or about none. */
export function askAbout(
  urls: readonly string[] = [],
  { text = "What is it?", ...changes }: Changes = {},
): { readonly model: string; readonly messages: readonly object[] } {
  const images = urls.map((url) => ({ type: "image_url", image_url: { url } }));
  const content = urls.length === 0 ? text : [...images, { type: "text", text }];
  return { model: "phantom", messages: [{ role: "user", content }], ...changes };
}
