import { once } from "node:events";
import {
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";

/** Stands between a gRPC client and its server, and hears every header, trailer and message, which are unpacked there. */
export type RecordingProxy = {
  readonly port: number;
  /** All that went either way since it was asked last; bytes as latin1. */
  heard(): string;
  close(): void;
};

/**
 * Starts a proxy on a free port of loopback, which the test closes.
 *
 * @param port Of the server, on loopback.
 */
export async function startRecordingProxy(port: number): Promise<RecordingProxy> {
  const behind = connect(`http://127.0.0.1:${port}`);
  const said: string[] = [];
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    said.push(JSON.stringify(headers));
    const request = behind.request(headers);
    let trailers: IncomingHttpHeaders = {};
    stream.on("data", (bytes: Buffer) => said.push(bytes.toString("latin1")));
    stream.pipe(request);
    stream.on("close", () => request.close(constants.NGHTTP2_CANCEL));
    request.on("response", (answer, flags) => {
      said.push(JSON.stringify(answer));
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
        stream.respond(answer, { endStream: true });
        return;
      }
      stream.respond(answer, { waitForTrailers: true });
      request.on("data", (bytes: Buffer) => said.push(bytes.toString("latin1")));
      request.pipe(stream);
    });
    request.on("trailers", (last) => {
      said.push(JSON.stringify(last));
      trailers = last;
    });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : 0,
    heard: () => said.splice(0).join("\n"),
    close: () => {
      behind.destroy();
      server.close();
    },
  };
}
