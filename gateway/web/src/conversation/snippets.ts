import type { AnswerBody } from "./messages.ts";

/** Where the request goes; the key itself never stands in a snippet. */
export type SnippetTarget = { readonly origin: string; readonly needsKey: boolean };

/** The request as a command for a shell. */
export function curlSnippet({ origin, needsKey }: SnippetTarget, body: AnswerBody): string {
  const json = JSON.stringify({ ...body, stream: true }, undefined, 2);
  // A quote ends the shell's string, stands escaped, and begins it again.
  const quoted = json.replaceAll("'", `'\\''`);
  return [
    `curl -sN ${origin}/v1/chat/completions`,
    ...(needsKey ? [`-H "authorization: Bearer $MEDV_API_KEY"`] : []),
    "-H 'content-type: application/json'",
    `-d '${quoted}'\n`,
  ].join(" \\\n  ");
}

/** The request as a program with the `openai` package. */
export function openaiSnippet({ origin, needsKey }: SnippetTarget, body: AnswerBody): string {
  const json = JSON.stringify({ ...body, stream: true }, undefined, 2);
  const key = needsKey ? "process.env.MEDV_API_KEY" : `"none"`;
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: ${key} });
const stream = await client.chat.completions.create(${json});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
`;
}
