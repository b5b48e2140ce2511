import { useState } from "hono/jsx/dom";
import type { Answer } from "../conversation/conversation.ts";
import { dismiss, retry } from "../session/ask.ts";
import type { AnswerPlace } from "../session/run_answer.ts";
import { AnswerFacts } from "./answer_facts.tsx";
import { CopyButton } from "./copy_button.tsx";
import { FogView } from "./fog_view.tsx";
import { Player } from "./player.tsx";
import { ProblemView } from "./problem_view.tsx";
import { SnippetDialog } from "./snippet_dialog.tsx";
import { useReducedMotion } from "./use_reduced_motion.ts";

export type AnswerProps = {
  readonly answer: Answer;
  readonly place: AnswerPlace;
  /** It stands beside the answer with which the conversation goes on. */
  readonly isExtra: boolean;
  readonly canRetry: boolean;
  readonly isBeside: boolean;
};

/** An answer: fog while it runs, text when it is there, and how it came about. */
export function AnswerView({ answer, place, isExtra, canRetry, isBeside }: AnswerProps) {
  const { status, settings, problem, frames } = answer;
  const [isPlaying, setIsPlaying] = useState(false);
  const [isCode, setIsCode] = useState(false);
  const isRunning = status === "running";
  const hasSteps = !isRunning && frames.length > 0;
  return (
    <section class="answer" aria-label={`Answer, profile ${settings.profile}`}>
      {isBeside && (
        <h3>
          {settings.profile}
          {!isExtra && <small class="quiet"> – the conversation goes on with this one</small>}
        </h3>
      )}
      <div>
        {isRunning ? (
          <Running answer={answer} />
        ) : isPlaying ? (
          <Player answer={answer} />
        ) : (
          <Text answer={answer} />
        )}
      </div>
      <p class="unseen" role="status">
        {isRunning ? "The answer is under way" : status === "done" ? `Answer: ${answer.text}` : ""}
      </p>
      {problem !== undefined && <ProblemView problem={problem} />}
      {status === "done" && <AnswerFacts answer={answer} />}
      <div class="row">
        {hasSteps && (
          <button
            type="button"
            aria-pressed={isPlaying ? "true" : "false"}
            onClick={() => setIsPlaying(!isPlaying)}
          >
            {isPlaying ? "Text" : "Replay"}
          </button>
        )}
        {!isRunning && answer.text !== "" && <CopyButton text={answer.text} label="Copy" />}
        {!isRunning && canRetry && (
          <button type="button" onClick={() => void retry(place, answer)}>
            Retry
          </button>
        )}
        {!isRunning && (
          <button type="button" onClick={() => setIsCode(true)}>
            Code
          </button>
        )}
        {!isRunning && isExtra && (
          <button type="button" onClick={() => dismiss(place, answer)}>
            Remove
          </button>
        )}
      </div>
      {isCode && <SnippetDialog answer={answer} place={place} onClose={() => setIsCode(false)} />}
    </section>
  );
}

function Running({ answer }: { readonly answer: Answer }) {
  const isStill = useReducedMotion();
  const { canvas, text, isCut } = answer;
  return (
    <>
      {canvas === undefined ? (
        <p class="quiet">Looking at the image …</p>
      ) : isStill ? (
        <p class="text">{`${text} …`.trim()}</p>
      ) : (
        <FogView canvas={canvas} />
      )}
      {isCut === true && <p class="warning">The connection was cut. Taking it up again …</p>}
    </>
  );
}

function Text({ answer }: { readonly answer: Answer }) {
  const { status, text, end } = answer;
  return (
    <>
      {text !== "" && <p class="text">{text}</p>}
      {text === "" && status === "done" && <p class="quiet">The model gave an empty answer.</p>}
      {status === "stopped" && (
        <p class="quiet">
          {text === ""
            ? "Stopped before any word was certain."
            : "Stopped: this is what was certain by then."}
        </p>
      )}
      {end?.finish_reason === "length" && (
        <p class="quiet">It ends at the chosen length; a longer one may say more.</p>
      )}
    </>
  );
}
