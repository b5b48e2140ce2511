import { DiffusionDecoder } from "@medv/proto/diffusion";
import { createClient, credentialsOf, type TlsFiles } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import type { Tracing } from "@medv/runtime/tracing/open_tracing";

/** The two services behind the gateway. */
export type Services = ReturnType<typeof connectServices>;

/** What `Generate` is asked, as a plain initialiser. */
export type GenerateInput = Parameters<Services["diffusion"]["generate"]>[0];

/** Clients of both services; connections are made at the first call. */
export function connectServices(options: {
  readonly visionAddress: string;
  readonly diffusionAddress: string;
  readonly tls?: TlsFiles | undefined;
  readonly tracing?: Tracing;
}) {
  const settings = {
    credentials: credentialsOf(options.tls).channel,
    interceptors: options.tracing?.clientInterceptors ?? [],
  };
  return {
    vision: createClient(VisionEncoder, options.visionAddress, settings),
    diffusion: createClient(DiffusionDecoder, options.diffusionAddress, settings),
  };
}
