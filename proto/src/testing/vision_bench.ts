import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { VisionEncoder } from "../gen/medv/v1/vision_pb.ts";
import {
  addService,
  type Client,
  createClient,
  createServer,
  type Implementation,
} from "../grpc.ts";

/** The methods of the service that tests of the adapter call. */
export type Vision = typeof VisionEncoder.method;

/** A server with a client of its own, and what its hook was told. */
export type VisionBench = {
  readonly address: string;
  readonly client: Client<Vision>;
  readonly errors: unknown[];
};

const open: { server: Server; client: Client<Vision> }[] = [];

/** Serves these handlers on loopback; a method without one throws. */
export async function startBench(handlers: Partial<Implementation<Vision>>): Promise<VisionBench> {
  const errors: unknown[] = [];
  const server = createServer();
  const implementation = {
    encode: unused,
    readEmbedding: unused,
    deleteEmbedding: unused,
    ...handlers,
  };
  addService(server, VisionEncoder, implementation, (error) => errors.push(error));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const address = `127.0.0.1:${port}`;
  const client = createClient(VisionEncoder, address);
  open.push({ server, client });
  return { address, client, errors };
}

/** Ends every server and client of {@link startBench}. */
export function stopBenches(): void {
  for (const { server, client } of open.splice(0)) {
    client.close();
    server.forceShutdown();
  }
}

function unused(): never {
  throw new Error("not part of this test");
}
