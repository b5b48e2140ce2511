import type { System } from "./answerer.ts";
import { blindfolded } from "./blindfolded.ts";
import { type GatewayModel, openGateway } from "./gateway_answerer.ts";
import { openTypewriter } from "../typewriter/open_typewriter.ts";
import { type Stack, startStack } from "./start_stack.ts";

/** Systems that can stand in one table. */
export const SYSTEM_NAMES = ["diffusion", "blind"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

export type OpenOptions = {
  /** A gateway that already runs; one is started if undefined. */
  readonly gateway: string | undefined;
  /** What that gateway asks for, if it asks for a key. */
  readonly apiKey: string | undefined;
  /** Of a gateway that is started. */
  readonly checkpoint: string | undefined;
  /** Directory of an autoregressive checkpoint, which is a system of its own. */
  readonly typewriter: string | undefined;
};

export type OpenedSystems = {
  readonly systems: readonly System[];
  /** Stops what was started. */
  readonly close: () => Promise<void>;
};

/** Opens systems by name; those behind the gateway share it. */
export async function openSystems(
  names: readonly SystemName[],
  options: OpenOptions,
  signal: AbortSignal,
): Promise<OpenedSystems> {
  let stack: Stack | undefined;
  let model: Promise<GatewayModel> | undefined;
  const openModel = async (): Promise<GatewayModel> => {
    if (options.gateway === undefined) stack = await startStack(options.checkpoint, signal);
    const url = options.gateway ?? stack?.url ?? "";
    return await openGateway({ url, apiKey: options.apiKey }, signal);
  };
  const gatewayModel = (): Promise<GatewayModel> => (model ??= openModel());
  const open = async (name: SystemName): Promise<System> => {
    switch (name) {
      case "diffusion":
        return { name, ...(await gatewayModel()) };
      case "blind": {
        const { identity, answer } = await gatewayModel();
        return { name, identity, answer: blindfolded(answer) };
      }
      default:
        return name satisfies never;
    }
  };
  const close = async (): Promise<void> => await stack?.stop();
  try {
    const typewriter = options.typewriter === undefined ? [] : [openTypewriter(options.typewriter)];
    return { systems: await Promise.all([...names.map(open), ...typewriter]), close };
  } catch (error) {
    await close();
    throw error;
  }
}
