import { choice, type Environment } from "./environment.ts";
import { SERVICE_SETTINGS } from "./service_settings.ts";
import type { Device } from "./session_message.ts";
import type { Setting } from "./setting.ts";

/** Where each precision can be computed: GPU providers have no product of int8, CPUs none of float16. */
const DEVICES_OF = {
  int8: ["cpu"],
  float32: ["cpu", "cuda", "webgpu"],
  float16: ["cuda", "webgpu"],
} as const satisfies Readonly<Record<string, readonly Device[]>>;

/** float32, the reference, unless another is asked for that the device can compute in. */
export function precisionSetting<const T extends keyof typeof DEVICES_OF>(
  variable: string,
  choices: readonly ("float32" | T)[],
  meaning: string,
): Setting<"float32" | T> {
  const read = (env: Environment): "float32" | T => {
    const chosen = choice(env, variable, { choices, fallback: "float32" });
    const device = SERVICE_SETTINGS.device.read(env);
    const devices: readonly Device[] = DEVICES_OF[chosen];
    if (!devices.includes(device)) {
      throw new RangeError(
        `Cannot read ${variable} as ${chosen} needs the device ${devices.join(" or ")}: MEDV_DEVICE is "${device}"`,
      );
    }
    return chosen;
  };
  return { variable, unit: choices.join(", "), fallback: "float32", meaning, read };
}
