import { listSetting } from "@medv/runtime/setting";

/** Whose pages may call. */
export const CORS_ORIGINS = listSetting(
  "MEDV_CORS_ORIGINS",
  {
    rule: 'an origin, such as "https://app.example.org"',
    isValid: (text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text,
  },
  "origins between commas, such as https://app.example.org, whose pages may call from a browser; only the gateway's own page without",
);
