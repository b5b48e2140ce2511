import { listSetting } from "@medv/runtime/setting";

const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$/;

/** From which hosts images are fetched. */
export const IMAGE_URL_HOSTS = listSetting(
  "MEDV_IMAGE_URL_HOSTS",
  {
    rule: "a host in lower case, with its port where that is not 443",
    isValid: (text) => HOST.test(text) && new URL(`https://${text}`).host === text,
  },
  "hosts between commas, such as images.example.org, from which images in questions are fetched, by https and where their addresses are public; no image is fetched without",
);
