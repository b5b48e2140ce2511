import { DomainError } from "@medv/proto";
import { DiffusionDecoder } from "@medv/proto/diffusion";
import {
  createClient,
  credentialsOf,
  type Replica,
  replicasOf,
  type TlsFiles,
} from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { breaker } from "@medv/runtime/breaker";
import type { Tracing } from "@medv/runtime/tracing/open_tracing";
import type { ConfirmedBy } from "./confirmed_by.ts";

/** The two services behind the gateway. */
export type Services = ReturnType<typeof connectServices>;

/** Names of the two. */
export type ServiceName = "vision" | "diffusion";

/** What `Generate` is asked, as a plain initialiser. */
export type GenerateInput = Parameters<Services["diffusion"]["generate"]>[0];

/** An embedding that is to be forgotten, for which request. */
type Forgetting = {
  readonly digest: string;
  readonly tenantScope: string;
  readonly requestId: string;
};

/** A replica that takes longer may have something left. */
const FORGET_TIMEOUT_MS = 4000;

/** Clients of both services; connections are made at the first call. */
export function connectServices(options: {
  readonly visionAddress: string;
  readonly diffusionAddress: string;
  readonly tls?: TlsFiles | undefined;
  readonly tracing?: Tracing;
  /** Told when a service is no longer asked, as nothing is heard of it, and when it is again. */
  readonly onBreaker?: (service: ServiceName, isOpen: boolean) => void;
}) {
  const { visionAddress, diffusionAddress } = options;
  const settings = {
    credentials: credentialsOf(options.tls).channel,
    interceptors: options.tracing?.clientInterceptors ?? [],
  };
  const guarded = (name: ServiceName, { typeName }: { readonly typeName: string }) => ({
    ...settings,
    guard: breaker(typeName, (isOpen) => options.onBreaker?.(name, isOpen)),
  });
  return {
    vision: createClient(VisionEncoder, visionAddress, guarded("vision", VisionEncoder)),
    diffusion: createClient(
      DiffusionDecoder,
      diffusionAddress,
      guarded("diffusion", DiffusionDecoder),
    ),
    /**
     * Has every replica of both services forget an embedding: the clients above would ask one of each in turn.
     *
     * @returns All of them, by their addresses.
     * @throws {DomainError} If one of them did not confirm it.
     */
    async forgetEmbedding(
      { requestId, ...forgotten }: Forgetting,
      signal: AbortSignal,
    ): Promise<ConfirmedBy> {
      const call = { requestId, signal, deadline: new Date(Date.now() + FORGET_TIMEOUT_MS) };
      const [vision, diffusion] = await Promise.all([
        atEveryReplica(visionAddress, ({ address, serverName }) => {
          const client = createClient(VisionEncoder, address, { ...settings, serverName });
          return client.deleteEmbedding(forgotten, call).finally(client.close);
        }),
        atEveryReplica(diffusionAddress, ({ address, serverName }) => {
          const client = createClient(DiffusionDecoder, address, { ...settings, serverName });
          return client.forgetEmbedding(forgotten, call).finally(client.close);
        }),
      ]);
      return { vision, diffusion };
    },
  };
}

async function atEveryReplica(
  addresses: string,
  call: (replica: Replica) => Promise<unknown>,
): Promise<ReadonlySet<string>> {
  const replicas = await replicasOf(addresses).catch((cause: unknown) => {
    throw new DomainError("unavailable", "Cannot reach the replicas as their name is not known", {
      cause,
      hint: "try again in a few seconds",
    });
  });
  await Promise.all(replicas.map(call));
  return new Set(replicas.map(({ address }) => address));
}
