import { once } from "node:events";
import { createServer } from "node:http";

/** A span as it stands in OTLP's JSON. */
type WireSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  /** Code 2 where it failed. */
  readonly status: { readonly code?: number };
};

/** A span and the process that it came from. */
export type CollectedSpan = WireSpan & { readonly service: string };

/** Stands for an OpenTelemetry collector: takes OTLP over HTTP in JSON. */
export type Collector = {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Everything as it came. */
  readonly bodies: readonly string[];
  stop(): void;
};

type ExportRequest = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
};

/** @param answer Whether it answers; one that does not holds its callers' connections open. */
export async function startCollector(answer = true): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      if (!answer) return;
      const body = Buffer.concat(parts).toString();
      if (request.url !== "/v1/traces") {
        response.writeHead(404).end();
        return;
      }
      bodies.push(body);
      for (const { resource, scopeSpans } of (JSON.parse(body) as ExportRequest).resourceSpans) {
        const service = valueOf(resource.attributes, "service.name") as string;
        for (const scope of scopeSpans) {
          spans.push(...scope.spans.map((span) => ({ ...span, service })));
        }
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    bodies,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The value of an attribute, whatever its type. */
export function valueOf(attributes: CollectedSpan["attributes"], key: string): unknown {
  return Object.values(attributes.find((each) => each.key === key)?.value ?? {})[0];
}
