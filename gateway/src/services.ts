import { DiffusionDecoder } from "@medv/proto/diffusion";
import { createClient, credentialsOf, type TlsFiles } from "@medv/proto/grpc";
import { guardCalls } from "@medv/runtime/guard_calls";
import { VisionEncoder } from "@medv/proto/vision";
import type { Tracing } from "@medv/runtime/tracing/open_tracing";

/** The two services behind the gateway. */
export type Services = ReturnType<typeof connectServices>;

/** Names of the two. */
export type ServiceName = "vision" | "diffusion";

/** What `Generate` is asked, as a plain initialiser. */
export type GenerateInput = Parameters<Services["diffusion"]["generate"]>[0];

/** Clients of both services; connections are made at the first call. */
export function connectServices(options: {
  readonly visionAddress: string;
  readonly diffusionAddress: string;
  readonly tls?: TlsFiles | undefined;
  readonly tracing?: Tracing;
  /** Told when a service is no longer asked, as nothing is heard of it, and when it is again. */
  readonly onBreaker?: (service: ServiceName, isOpen: boolean) => void;
}) {
  const settings = {
    credentials: credentialsOf(options.tls).channel,
    interceptors: options.tracing?.clientInterceptors ?? [],
  };
  const onBreaker = (name: ServiceName) => (isOpen: boolean) => options.onBreaker?.(name, isOpen);
  const vision = createClient(VisionEncoder, options.visionAddress, settings);
  const diffusion = createClient(DiffusionDecoder, options.diffusionAddress, settings);
  return {
    vision: guardCalls(VisionEncoder, vision, onBreaker("vision")),
    diffusion: guardCalls(DiffusionDecoder, diffusion, onBreaker("diffusion")),
  };
}
