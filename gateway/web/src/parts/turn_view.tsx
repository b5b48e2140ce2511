import { memo, useState } from "hono/jsx/dom";
import { type ChatImage, hasRunning, type Turn } from "../conversation/conversation.ts";
import { askBeside } from "../session/ask.ts";
import { AnswerView } from "./answer_view.tsx";
import { AskedImageDialog } from "./asked_image_dialog.tsx";
import { Guard } from "./guard.tsx";
import { ImagePicture } from "./image_picture.tsx";

export type TurnProps = {
  readonly turn: Turn;
  readonly conversation: string;
  readonly isLast: boolean;
  readonly profiles: readonly string[];
};

/** A question and its answers. */
export const TurnView = memo(function TurnView({
  turn,
  conversation,
  isLast,
  profiles,
}: TurnProps) {
  const { question, images, answers } = turn;
  const place = { conversation, turn: turn.key };
  const [first] = answers;
  const used = new Set(answers.map(({ settings }) => settings.profile));
  const others = profiles.filter((profile) => !used.has(profile));
  return (
    <article class="turn">
      <div class="question">
        {images.map((image) => (
          <Thumb key={image.key} image={image} />
        ))}
        <p>{question}</p>
      </div>
      <div class={answers.length > 1 ? "answers beside" : "answers"}>
        {answers.map((answer, index) => (
          <AnswerView
            key={answer.key}
            answer={answer}
            place={place}
            hasImage={images.length > 0}
            isExtra={index > 0}
            canRetry={isLast || index > 0}
            isBeside={answers.length > 1}
          />
        ))}
      </div>
      {first !== undefined && !hasRunning(turn) && others.length > 0 && (
        <div class="row">
          <span class="quiet">Same question, other profile:</span>
          {others.map((profile) => (
            <button
              key={profile}
              type="button"
              onClick={() => void askBeside(place, { ...first.settings, profile })}
            >
              {profile}
            </button>
          ))}
        </div>
      )}
    </article>
  );
});

function Thumb({ image }: { readonly image: ChatImage }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="thumb"
        aria-label={`Look at ${image.name}`}
        onClick={() => setIsOpen(true)}
      >
        <Guard>
          <ImagePicture image={image} alt="" />
        </Guard>
      </button>
      <Guard>{isOpen && <AskedImageDialog image={image} onClose={() => setIsOpen(false)} />}</Guard>
    </>
  );
}
