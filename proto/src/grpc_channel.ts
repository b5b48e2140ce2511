import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  type Interceptor,
} from "@grpc/grpc-js";
import { MAX_MESSAGE_BYTES } from "./grpc_service.ts";

/**
 * How a client treats its replicas. A call that nothing was heard of yet is made again, on another replica where there is
 * one: every call of ours may be made twice. Once the first message is there, it is not.
 */
const SERVICE_CONFIG = {
  // A name of several addresses is several replicas: the calls go to all of them in turn.
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [
    {
      name: [{}],
      retryPolicy: {
        // 1.5 s in all, if the answer is an error at once.
        maxAttempts: 5,
        initialBackoff: "0.1s",
        maxBackoff: "1s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    },
  ],
  // Half of the tokens may be spent on failures; a success gives a tenth back. A service that is down is not stormed.
  retryThrottling: { maxTokens: 200, tokenRatio: 0.1 },
} as const;

/**
 * What every connection of a client has. There is no keepalive: grpc-js 1.14 takes a connection that is being closed
 * gracefully for dead at its next ping, and cuts the answers that a draining service is finishing.
 */
const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  // The default of 64 KiB costs one round trip per 64 KiB of an embedding.
  "grpc-node.flow_control_window": 16 << 20,
  // In MB. Node's default of 10 lets concurrent uploads of several MB fail.
  "grpc-node.max_session_memory": 4096,
  // A request that may be sent again is kept until then; the default of 1 MiB would leave out images of several tiles.
  "grpc.per_rpc_retry_buffer_size": MAX_MESSAGE_BYTES,
  "grpc.retry_buffer_size": 8 * MAX_MESSAGE_BYTES,
  // The default of two minutes would leave a replica without work long after it has come back.
  "grpc.initial_reconnect_backoff_ms": 500,
  "grpc.max_reconnect_backoff_ms": 5_000,
  "grpc.service_config": JSON.stringify(SERVICE_CONFIG),
} as const satisfies ClientOptions;

/** What a client's connections have besides. */
export type ChannelSettings = {
  /** Around every call. */
  readonly interceptors?: readonly Interceptor[];
  /** The name that the server's certificate must have, where it is not the address's. */
  readonly serverName?: string | undefined;
};

/** The connections of a client to all replicas, which can be given up for new ones. */
export class Channel {
  readonly #open: () => Client;
  #current: Client;

  /** @param address `host:port`, where the name may stand for several replicas; or several `ip:port` between commas. */
  constructor(
    address: string,
    credentials: ChannelCredentials,
    { interceptors = [], serverName }: ChannelSettings,
  ) {
    const options = {
      ...CHANNEL_OPTIONS,
      ...(serverName !== undefined && { "grpc.ssl_target_name_override": serverName }),
      interceptors: [...interceptors],
    };
    this.#open = () => new Client(targetOf(address), credentials, options);
    this.#current = this.#open();
  }

  /** Where calls are made at present. */
  get current(): Client {
    return this.#current;
  }

  /**
   * Opens new connections in place of those on which a call was not heard of in its time: a machine that vanishes says no
   * good-bye, and the kernel would go on waiting for it for a quarter of an hour. Calls under way on the old ones go on.
   */
  giveUp(failed: Client): void {
    if (failed !== this.#current) return;
    this.#current = this.#open();
    failed.close();
  }

  close(): void {
    this.#current.close();
  }
}

/**
 * The target that grpc-js resolves for an address.
 *
 * @param address `host:port`, where the name may stand for several replicas; or several `ip:port` between commas.
 */
function targetOf(address: string): string {
  if (!address.includes(",")) return address;
  return `${address.startsWith("[") ? "ipv6" : "ipv4"}:${address}`;
}
