import { type Child, ErrorBoundary } from "hono/jsx/dom";

/**
 * Says so where what is inside cannot be drawn. A component that is drawn anew by itself forgets the guards around it when
 * it draws others: who has a state and draws others with a state puts them into a guard of its own.
 */
export function Guard({ children }: { readonly children?: Child }) {
  return (
    <ErrorBoundary
      fallback={
        <p class="problem" role="alert">
          The page has a fault and cannot go on. Reload it; your conversations are kept.
        </p>
      }
    >
      {children}
    </ErrorBoundary>
  );
}
