import { attachSample } from "../session/attach.ts";
import { SAMPLES } from "./samples.ts";

/** What stands where no question was asked yet. */
export function Welcome() {
  return (
    <section class="welcome">
      <h2>Ask about an image, and watch the answer clear out of the fog</h2>
      <p>
        This model does not write word after word. It starts from an answer that is all covered,
        sees the whole of it at once, and uncovers what it is sure of, step by step.
      </p>
      <p>Drop, paste or choose an image, or begin with a drawn one:</p>
      <ul class="samples">
        {SAMPLES.map(({ url, name, file }) => (
          <li key={file}>
            <button type="button" onClick={() => void attachSample(url, file)}>
              <img src={url} alt="" width={112} height={112} />
              {name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
