import type { Judge } from "../judge/open_judge.ts";
import { chatDataSet } from "./chat_data_set.ts";
import type { DataName, DataSet } from "./data_set.ts";
import { phantomDataSet } from "./phantom_data_set.ts";
import { vqaDataSet } from "./vqa_data_set.ts";

export type DataSetOptions = {
  readonly data: DataName;
  /** The data set's folder or its file. */
  readonly path: string;
  /** Where a judge's requests and replies are written. */
  readonly out: string;
  /** How many entries are used; all if undefined. */
  readonly limit?: number | undefined;
  /** Replies asked for at the same time. */
  readonly concurrency: number;
  readonly judge?: Judge | undefined;
  /** A file with a judge's replies. */
  readonly judgeReplies?: string | undefined;
};

/**
 * Reads a data set.
 *
 * @throws {Error} If its file cannot be found, or is not of its form as a whole.
 */
export function openDataSet(options: DataSetOptions): Promise<DataSet> {
  const { data, path, limit, out, concurrency, judge, judgeReplies: repliesFile } = options;
  switch (data) {
    case "vqa-rad":
    case "slake":
    case "pathvqa":
      return vqaDataSet(data, path, limit);
    case "phantoms":
      return phantomDataSet(path, limit);
    case "llava-med-chat":
      return chatDataSet(path, limit, { out, concurrency, judge, repliesFile });
    default:
      return data satisfies never;
  }
}
