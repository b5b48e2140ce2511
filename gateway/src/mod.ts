/**
 * The gateway: images and questions in over HTTP, answers out.
 *
 * @module
 */
export { createApp } from "./app.ts";
export { type GatewayConfig, readConfig } from "./config.ts";
export type { Dependencies } from "./dependencies.ts";
export { ImageStore, type ImageStoreOptions } from "./image_store.ts";
export { type Listening, listen } from "./listen.ts";
export { ModelDescription } from "./model_description.ts";
export { type Page, readPage } from "./page.ts";
export { RunningAnswers } from "./running_answers.ts";
export { connectServices, type Services } from "./services.ts";
