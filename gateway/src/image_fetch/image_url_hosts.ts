import { type Environment, optionalText } from "@medv/runtime/environment";
import type { Setting } from "@medv/runtime/setting";

const VARIABLE = "MEDV_IMAGE_URL_HOSTS";
const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$/;

/** From which hosts images are fetched. */
export const IMAGE_URL_HOSTS: Setting<readonly string[]> = {
  variable: VARIABLE,
  unit: "",
  fallback: "",
  meaning:
    "hosts between commas, such as images.example.org, from which images in questions are fetched, by https and where their addresses are public; no image is fetched without",
  read(env: Environment) {
    const listed = (optionalText(env, VARIABLE) ?? "").split(",").map((each) => each.trim());
    const hosts = listed.filter((each) => each !== "");
    for (const each of hosts) {
      if (HOST.test(each) && new URL(`https://${each}`).host === each) continue;
      throw new RangeError(
        `Cannot read ${VARIABLE} as each must be a host in lower case, with its port where that is not 443: current value has "${each}"`,
      );
    }
    return hosts;
  },
};
