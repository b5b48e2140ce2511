import { DiffusionDecoder } from "@medv/proto/diffusion";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";

/** The two services behind the gateway. */
export type Services = ReturnType<typeof connectServices>;

/** What `Generate` is asked, as a plain initialiser. */
export type GenerateInput = Parameters<Services["diffusion"]["generate"]>[0];

/** Clients of both services; connections are made at the first call. */
export function connectServices(addresses: {
  readonly visionAddress: string;
  readonly diffusionAddress: string;
}) {
  return {
    vision: createClient(VisionEncoder, addresses.visionAddress),
    diffusion: createClient(DiffusionDecoder, addresses.diffusionAddress),
  };
}
