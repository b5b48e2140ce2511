import type { ProblemCode } from "./problem.ts";

/** What a person can do about a problem, for every code that the gateway has. */
export const PROBLEM_TEXTS = {
  invalid_request: "The gateway could not read this question. Reload the page, then ask again.",
  unsupported_field:
    "This gateway does not offer one of the settings. Reload the page, then ask again.",
  invalid_setting:
    "These settings do not fit. What is wrong stands at the setting, below the question; change it, then press Retry.",
  invalid_messages: "This conversation cannot go on as it is. Start a new one.",
  context_too_long:
    "The conversation is too long for the model. Ask for a shorter answer, or start a new conversation.",
  unknown_model: "The gateway serves another model now. Reload the page, then ask again.",
  unknown_image:
    "The gateway does not keep this image any more. Ask again: the page sends it once more.",
  embedding_not_found: "The image has to be looked at again. Ask once more.",
  embedding_mismatch: "The image was damaged on its way to the model. Ask once more.",
  unsupported_image:
    "This kind of file is not taken. Choose an image of another format, such as JPEG or PNG.",
  damaged_image:
    "This image cannot be read to its end. Save or export it again, then choose the new file.",
  undecodable_image:
    "This image could not be opened. Save it again as PNG or JPEG, then try once more.",
  image_too_large: "This image is too large. Scale it down, then choose it again.",
  body_too_large: "This is too large to be sent. Use a smaller image, or fewer of them.",
  not_found: "The gateway does not know this any more. Ask again.",
  idempotency_key_reused: "Another question was sent under the same name. Ask again.",
  invalid_api_key: "This gateway asks for an API key. Enter the one that its operator gave you.",
  expired_token: "Your access has run out. Enter a key again, then ask once more.",
  forbidden: "Your key does not allow this. Ask the gateway's operator for another one.",
  rate_limit_exceeded: "You have asked as much as you may for now. Wait a minute, then ask again.",
  overloaded: "The model has too much to do at the moment. Wait a little, then ask again.",
  unavailable: "The model is starting or cannot be reached. Wait a few seconds, then ask again.",
  deadline_exceeded: "The answer took too long. Ask for a shorter one, or ask again.",
  cancelled: "The answer was stopped. Ask again to get a whole one.",
  internal:
    "Something went wrong in the gateway. Ask again; if it stays so, tell its operator the request id.",
  no_connection:
    "The gateway cannot be reached. Check that it runs and that you are connected, then try again.",
  connection_lost: "The connection was lost and did not come back. Check it, then ask again.",
  unknown_answer:
    "The gateway gave an answer that this page does not understand. Reload the page, then try again.",
  no_storage:
    "This browser does not keep conversations here, so they are gone when the page is closed. Leave private mode, or free some space.",
} as const satisfies Record<ProblemCode, string>;
