import { Client, credentials, type ServiceError } from "@grpc/grpc-js";

/** What `grpc.health.v1` answers: 1 is serving, 2 is not serving. */
export type HealthStatus = number;

/** A health client for tests; the two messages are short enough to be written by hand. */
export function healthClient(port: number): {
  readonly check: (service: string) => Promise<HealthStatus>;
  readonly close: () => void;
} {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    check: (service) =>
      new Promise((resolve, reject) => {
        const name = Buffer.from(service);
        client.makeUnaryRequest(
          "/grpc.health.v1.Health/Check",
          (request: Buffer) => request,
          (response: Buffer) => response[1] ?? 0,
          name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name]),
          (error: ServiceError | null, status?: HealthStatus) =>
            error === null && status !== undefined ? resolve(status) : reject(error),
        );
      }),
    close: () => client.close(),
  };
}
