import type { AnswerBody } from "./messages.ts";

/** The request as a command for a shell. */
export function curlSnippet(origin: string, body: AnswerBody): string {
  const json = JSON.stringify({ ...body, stream: true }, undefined, 2);
  // A quote ends the shell's string, stands escaped, and begins it again.
  const quoted = json.replaceAll("'", `'\\''`);
  return `curl -sN ${origin}/v1/chat/completions \\\n  -H 'content-type: application/json' \\\n  -d '${quoted}'\n`;
}

/** The request as a program with the `openai` package. */
export function openaiSnippet(origin: string, body: AnswerBody): string {
  const json = JSON.stringify({ ...body, stream: true }, undefined, 2);
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: "none" });
const stream = await client.chat.completions.create(${json});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
`;
}
