import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/src/**/*.test.ts", "deploy/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default"],
  },
});
