import { useState } from "hono/jsx/dom";
import type { Answer } from "../conversation/conversation.ts";
import type { Canvas } from "../fog/canvas.ts";
import { dismiss, retry } from "../session/ask.ts";
import type { AnswerPlace } from "../session/run_answer.ts";
import { AnswerFacts } from "./answer_facts.tsx";
import { CopyButton } from "./copy_button.tsx";
import { FogView } from "./fog_view.tsx";
import { Guard } from "./guard.tsx";
import { Player } from "./player.tsx";
import { ProblemView } from "./problem_view.tsx";
import { SnippetDialog } from "./snippet_dialog.tsx";
import { usePacedCanvas } from "./use_paced_canvas.ts";
import { useReducedMotion } from "./use_reduced_motion.ts";

export type AnswerProps = {
  readonly answer: Answer;
  readonly place: AnswerPlace;
  /** An image came with the question. */
  readonly hasImage: boolean;
  /** It stands beside the answer with which the conversation goes on. */
  readonly isExtra: boolean;
  readonly canRetry: boolean;
  readonly isBeside: boolean;
};

/** An answer: fog while it runs, text when it is there, and how it came about. */
export function AnswerView(props: AnswerProps) {
  const { answer, place, hasImage, isExtra, canRetry, isBeside } = props;
  const { status, settings, problem, frames } = answer;
  const [isPlaying, setIsPlaying] = useState(false);
  const [isCode, setIsCode] = useState(false);
  const { canvas, isSettled } = usePacedCanvas(answer);
  return (
    <section class="answer" aria-label={`Answer, profile ${settings.profile}`}>
      {isBeside && (
        <h3>
          {settings.profile}
          {!isExtra && <small class="quiet"> – the conversation goes on with this one</small>}
        </h3>
      )}
      <div>
        <Guard>
          {!isSettled ? (
            <Running answer={answer} canvas={canvas} hasImage={hasImage} />
          ) : isPlaying ? (
            <Player answer={answer} />
          ) : (
            <Text answer={answer} />
          )}
        </Guard>
      </div>
      <p class="unseen" role="status">
        {statusText(answer)}
      </p>
      {problem !== undefined && <ProblemView problem={problem} />}
      {isSettled && status === "done" && <AnswerFacts answer={answer} />}
      <div class="row">
        {isSettled && frames.length > 0 && (
          <button type="button" onClick={() => setIsPlaying(!isPlaying)}>
            {isPlaying ? "Text" : "Replay"}
          </button>
        )}
        <Guard>
          {isSettled && answer.text !== "" && <CopyButton text={answer.text} label="Copy" />}
        </Guard>
        {isSettled && canRetry && (
          <button type="button" onClick={() => void retry(place, answer)}>
            Retry
          </button>
        )}
        {isSettled && (
          <button type="button" onClick={() => setIsCode(true)}>
            Code
          </button>
        )}
        {isSettled && isExtra && (
          <button type="button" onClick={() => dismiss(place, answer)}>
            Remove
          </button>
        )}
      </div>
      <Guard>
        {isCode && <SnippetDialog answer={answer} place={place} onClose={() => setIsCode(false)} />}
      </Guard>
    </section>
  );
}

/** How it goes, for who listens. What went wrong is told as such. */
function statusText({ status, text, isCut }: Answer): string {
  switch (status) {
    case "running":
      return isCut === true ? CUT_TEXT : "The answer is under way";
    case "done":
      return text === "" ? "The answer is empty" : `Answer: ${text}`;
    case "stopped":
      return "The answer was stopped";
    case "failed":
      return "";
    default:
      return status satisfies never;
  }
}

const CUT_TEXT = "There is no connection to the gateway. Trying again …";

function Running({
  answer,
  canvas,
  hasImage,
}: {
  readonly answer: Answer;
  readonly canvas: Canvas | undefined;
  readonly hasImage: boolean;
}) {
  const isStill = useReducedMotion();
  const { text, isCut } = answer;
  return (
    <>
      {canvas === undefined ? (
        <p class="quiet">{hasImage ? "Looking at the image …" : "Waiting for the model …"}</p>
      ) : isStill ? (
        <p class="text">{`${text} …`.trim()}</p>
      ) : (
        <FogView canvas={canvas} />
      )}
      {isCut === true && <p class="warning">{CUT_TEXT}</p>}
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
