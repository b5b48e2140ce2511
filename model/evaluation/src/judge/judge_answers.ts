import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { JsonLog } from "../json_log.ts";
import type { Predictions } from "../prediction.ts";
import { type Problem } from "../readers/problem.ts";
import type { ChatItem } from "../readers/llava_med_chat.ts";
import { readEntries } from "../readers/read_entries.ts";
import { judgeMessages, type JudgeMessage } from "./judge_messages.ts";
import type { Judge } from "./open_judge.ts";
import { type JudgeScores, parseReply } from "./parse_reply.ts";

export type JudgeOptions = {
  /** Where requests and replies are written. */
  readonly out: string;
  readonly systems: readonly string[];
  readonly concurrency: number;
  /** Asked where there is no readable reply yet. */
  readonly judge?: Judge | undefined;
  /** A file of replies that somebody else collected, used instead. */
  readonly repliesFile?: string | undefined;
};

export type Judged = {
  readonly scoresOf: (system: string, id: string) => JudgeScores | undefined;
  /** Replies that cannot be read. */
  readonly problems: readonly Problem[];
};

type Request = {
  readonly system: string;
  readonly question_id: string;
  readonly messages: readonly JudgeMessage[];
};

const replySchema = z.object({
  system: z.string(),
  question_id: z.string(),
  model: z.string(),
  text: z.string(),
});
type Reply = z.output<typeof replySchema>;

/** Writes a request for every answer, has the judge answer them if there is one, and reads all replies. */
export async function judgeAnswers(
  items: readonly ChatItem[],
  predictions: Predictions,
  options: JudgeOptions,
  signal: AbortSignal,
): Promise<Judged> {
  const { out, systems, judge, repliesFile } = options;
  const requests = systems.flatMap((system) =>
    items.flatMap((item): Request[] => {
      const answer = predictions.get(system, item.id);
      if (answer === undefined) return [];
      return [{ system, question_id: item.id, messages: judgeMessages(item, answer.text) }];
    }),
  );
  const lines = requests.map((request) => `${JSON.stringify(request)}\n`);
  await writeFile(join(out, "judge_requests.jsonl"), lines.join(""));
  if (repliesFile !== undefined) return await readReplies(repliesFile, systems[0] ?? "");
  if (judge === undefined) return { scoresOf: () => undefined, problems: [] };

  const log = await JsonLog.open(join(out, "judge_replies.jsonl"), replySchema, replyKey);
  const replyTo = ({ system, question_id }: Pick<Request, "system" | "question_id">) =>
    log.get(replyKey({ system, question_id, model: judge.model }));
  const open = requests.filter((request) => parseReply(replyTo(request)?.text ?? "") === undefined);
  const queue = open.values();
  await Promise.all(
    Array.from({ length: options.concurrency }, async () => {
      for (const { messages, system, question_id } of queue) {
        signal.throwIfAborted();
        const text = await judge.ask(messages, signal);
        log.append({ system, question_id, model: judge.model, text });
      }
    }),
  );
  const problems = requests.flatMap((request): Problem[] => {
    const reply = replyTo(request);
    if (reply === undefined || parseReply(reply.text) !== undefined) return [];
    return [malformed(log.file, log.lineOf(replyKey(reply)) ?? 0, reply.question_id)];
  });
  return {
    scoresOf: (system, id) => parseReply(replyTo({ system, question_id: id })?.text ?? ""),
    problems,
  };
}

const givenSchema = z.object({
  system: z.string().optional(),
  question_id: z.union([z.string(), z.number()]).transform(String),
  text: z.string(),
});

/** Replies without a system are about the first one. */
async function readReplies(file: string, firstSystem: string): Promise<Judged> {
  const { entries, problems } = await readEntries(file, (value) => givenSchema.parse(value));
  const scores = new Map<string, JudgeScores>();
  const unread: Problem[] = [];
  for (const { value, line } of entries) {
    const read = parseReply(value.text);
    if (read === undefined) unread.push(malformed(file, line, value.question_id));
    else scores.set(JSON.stringify([value.system ?? firstSystem, value.question_id]), read);
  }
  return {
    scoresOf: (system, id) => scores.get(JSON.stringify([system, id])),
    problems: [...problems, ...unread],
  };
}

function malformed(file: string, line: number, id: string): Problem {
  const message = `Cannot use the reply to "${id}" as its first line must be two numbers`;
  return { file, line, message };
}

function replyKey({ system, question_id, model }: Omit<Reply, "text">): string {
  return JSON.stringify([system, question_id, model]);
}
