import { openSpan, type OpenSpan } from "@medv/runtime";
import type { RunEnd } from "./denoise.ts";

type TracedBlock = {
  readonly number: number;
  readonly span: OpenSpan;
  readonly passesBefore: number;
  readonly queueMsBefore: number;
  runs: number;
  last: RunEnd;
  endedAt: number;
};

/**
 * Passes runs on and makes a span of each block, from when its first run is asked for to the end of its last.
 *
 * @param choice Which of the answers it is, from 0.
 * @param queueMs How long the answer stood in line so far, in milliseconds.
 */
export async function* traceBlocks(
  runs: AsyncIterable<RunEnd>,
  choice: number,
  queueMs: () => number,
): AsyncGenerator<RunEnd> {
  let block: TracedBlock | undefined;
  let askedAt = Date.now();
  let queueMsBefore = queueMs();
  const close = (): void => {
    if (block === undefined) return;
    const { span, last, endedAt } = block;
    span.end(
      {
        "medv.choice": choice,
        "medv.block": block.number,
        "medv.runs": block.runs,
        "medv.forward_passes": last.forwardPasses - block.passesBefore,
        "medv.queue_ms": queueMsBefore - block.queueMsBefore,
      },
      endedAt,
    );
  };
  try {
    for await (const end of runs) {
      if (block?.number !== end.block) {
        close();
        block = {
          number: end.block,
          span: openSpan("denoise-block", askedAt),
          passesBefore: block?.last.forwardPasses ?? 0,
          queueMsBefore,
          runs: 0,
          last: end,
          endedAt: 0,
        };
      }
      block.runs += 1;
      block.last = end;
      block.endedAt = Date.now();
      queueMsBefore = queueMs();
      yield end;
      askedAt = Date.now();
    }
  } finally {
    close();
  }
}
