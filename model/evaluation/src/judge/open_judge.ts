import OpenAI from "openai";
import type { JudgeMessage } from "./judge_messages.ts";

/** Asks a judge and gives its reply. */
export type Judge = {
  readonly model: string;
  readonly ask: (messages: readonly JudgeMessage[], signal: AbortSignal) => Promise<string>;
};

/**
 * A judge behind any OpenAI-compatible endpoint.
 *
 * @param url Its base URL, with `/v1` where it has one.
 */
export function openJudge(url: string, model: string, apiKey: string | undefined): Judge {
  const client = new OpenAI({ baseURL: url, apiKey: apiKey ?? "none" });
  return {
    model,
    ask: async (messages, signal) => {
      const completion = await client.chat.completions.create(
        { model, messages: [...messages], temperature: 0 },
        { signal },
      );
      return completion.choices[0]?.message.content ?? "";
    },
  };
}
