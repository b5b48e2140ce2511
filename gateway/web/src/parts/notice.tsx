/** What is always visible, also over what a dialog covers. */
export function Notice() {
  return <p class="notice">Research tool, not for clinical use</p>;
}
