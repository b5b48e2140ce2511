import { DiffusionDecoder, Role } from "@medv/proto/diffusion";
import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { drawCt } from "../drawn_files.ts";
import { percentile } from "../median.ts";
import { type Caller, upload } from "../caller.ts";
import { askShortly } from "./ask_shortly.ts";
import { timed } from "./timed.ts";
import { encodedTile, NEVER, TENANT } from "./encoded_tile.ts";
import type { Services } from "./started.ts";

/** What the gateway adds to a follow-up turn of one token. */
export async function turns(
  asked: Caller,
  services: Services,
  count: number,
): Promise<readonly string[]> {
  const id = await upload(asked, drawCt());
  const vision = createClient(VisionEncoder, services.visionAddress);
  const diffusion = createClient(DiffusionDecoder, services.diffusionAddress);
  const { handle, imageSize } = await encodedTile(services, vision);
  const call = async (): Promise<void> => {
    const parts = [
      { content: { case: "image", value: 0 } },
      { content: { case: "text", value: "What does this image show?" } },
    ] as const;
    const request = {
      model: asked.model,
      tenantScope: TENANT,
      messages: [{ role: Role.USER, parts: [...parts] }],
      images: [{ handle, width: imageSize, height: imageSize }],
      settings: { genLength: 1 },
    };
    for await (const _ of diffusion.generate(request, { signal: NEVER }));
  };
  const [byHttp, byGrpc]: [number[], number[]] = [[], []];
  // Taking turns, so that what else the machine does meets both alike.
  for (let turn = 0; turn < count; turn++) {
    byHttp.push(await timed(() => askShortly(asked, `medv-image:${id}`)));
    byGrpc.push(await timed(call));
  }
  vision.close();
  diffusion.close();
  const rows: (readonly [string, (percent: number) => number])[] = [
    ["follow-up turn by HTTP, one token", (at) => warm(byHttp, at)],
    ["the same call by gRPC alone", (at) => warm(byGrpc, at)],
    ["what the gateway adds", (at) => warm(byHttp, at) - warm(byGrpc, at)],
  ];
  return rows.map(
    ([what, at]) => `| ${what} | ${at(50).toFixed(2)} ms | p99 ${at(99).toFixed(2)} ms |`,
  );
}

/** A percentile of a gateway that has served for a while: without the first quarter, in which its code is compiled. */
function warm(times: readonly number[], percent: number): number {
  return percentile(times.slice(times.length / 4), percent);
}
