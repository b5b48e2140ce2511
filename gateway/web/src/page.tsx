import { Composer } from "./parts/composer.tsx";
import { Guard } from "./parts/guard.tsx";
import { Header } from "./parts/header.tsx";
import { KeyView } from "./parts/key_view.tsx";
import { ProblemView } from "./parts/problem_view.tsx";
import { TurnView } from "./parts/turn_view.tsx";
import { useApiKey } from "./parts/use_api_key.ts";
import { useFollowEnd } from "./parts/use_follow_end.ts";
import { Welcome } from "./parts/welcome.tsx";
import { attach } from "./session/attach.ts";
import { currentTurns, useSession } from "./session/session.ts";
import { useEffect } from "./use_effect.ts";

/** The whole page. */
export function Page() {
  const state = useSession();
  const { currentKey, model, problem } = state;
  const { refusal } = useApiKey();
  const turns = currentTurns(state);
  useFollowEnd(currentKey, turns);
  useEffect(takeDroppedFiles, []);
  return (
    <Guard>
      <Header />
      <main>
        {turns.length === 0 && <Welcome />}
        {turns.map((turn, index) => (
          <TurnView
            key={turn.key}
            turn={turn}
            conversation={currentKey}
            isLast={index === turns.length - 1}
            profiles={model?.profiles ?? []}
          />
        ))}
        {problem !== undefined && (
          <ProblemView
            problem={problem}
            note={model === undefined ? "The page itself tries again every few seconds." : ""}
          />
        )}
      </main>
      {refusal === undefined ? <Composer /> : <KeyView refusal={refusal} />}
    </Guard>
  );
}

/** Images may be dropped or pasted anywhere on the page. */
function takeDroppedFiles(): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  document.addEventListener("dragover", (event) => event.preventDefault(), { signal });
  document.addEventListener(
    "drop",
    take((event) => event.dataTransfer),
    { signal },
  );
  document.addEventListener(
    "paste",
    take((event) => event.clipboardData),
    { signal },
  );
  return () => stop.abort();
}

function take<E extends Event>(dataOf: (event: E) => DataTransfer | null): (event: E) => void {
  return (event) => {
    const files = [...(dataOf(event)?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    attach(files);
  };
}
