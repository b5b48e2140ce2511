import { useRef } from "hono/jsx/dom";
import type { Turn } from "../conversation/conversation.ts";
import { useEffect } from "../use_effect.ts";

/** How near to the end its reader still follows it, in pixels. */
const NEAR_PX = 120;

/** Room above an answer, in pixels. */
const GAP_PX = 8;

/**
 * Keeps the end of a conversation in sight while it grows, unless its reader scrolls up. Of an answer that is higher than
 * what is seen it keeps the first words, as they are what one reads.
 */
export function useFollowEnd(conversation: string, turns: readonly Turn[]): void {
  const isFollowing = useRef(true);
  useEffect(() => {
    let before = scrollY;
    const note = (): void => {
      // What grew meanwhile is no wish of the reader's: only a way up ends it.
      if (isNearEnd()) isFollowing.current = true;
      else if (scrollY < before) isFollowing.current = false;
      before = scrollY;
    };
    addEventListener("scroll", note, { passive: true });
    return () => removeEventListener("scroll", note);
  }, []);
  useEffect(() => {
    if (turns.length > 0) showEnd();
  }, [turns.length, conversation]);
  useEffect(() => {
    if (turns.length === 0) return undefined;
    const observer = new ResizeObserver(() => {
      // Never back up: who has read on has read on.
      if (isFollowing.current ?? false) showEnd(scrollY);
    });
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [turns.length === 0]);
}

function isNearEnd(): boolean {
  return document.documentElement.scrollHeight - scrollY - innerHeight < NEAR_PX;
}

/** @param least Where the page is to stand at least, in pixels from its top. */
function showEnd(least = 0): void {
  // The whole way: what is written in covers the end of the page otherwise.
  const end = document.documentElement.scrollHeight - innerHeight;
  const answer = Array.from(document.querySelectorAll(".answer")).at(-1);
  const covered = document.querySelector("header")?.getBoundingClientRect().bottom ?? 0;
  const start = scrollY + (answer?.getBoundingClientRect().top ?? end) - covered - GAP_PX;
  scrollTo({ top: Math.max(least, Math.min(end, start)) });
}
