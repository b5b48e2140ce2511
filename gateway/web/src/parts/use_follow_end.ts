import { useRef } from "hono/jsx/dom";
import type { Turn } from "../conversation/conversation.ts";
import { useEffect } from "../use_effect.ts";

/** How near to the end its reader still follows it, in pixels. */
const NEAR_PX = 120;

/** Keeps the end of a conversation in sight while it grows, unless its reader scrolls up. */
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
      if (isFollowing.current ?? false) showEnd();
    });
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [turns.length === 0]);
}

function isNearEnd(): boolean {
  return document.documentElement.scrollHeight - scrollY - innerHeight < NEAR_PX;
}

/** The whole way: what is written in covers the end of the page otherwise. */
function showEnd(): void {
  scrollTo({ top: document.documentElement.scrollHeight });
}
