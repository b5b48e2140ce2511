import { drawCt, drawPhoto, heicOf } from "../drawn_files.ts";
import { median, percentile } from "../median.ts";
import { type Caller, upload } from "../caller.ts";
import { askShortly } from "./ask_shortly.ts";
import { timed } from "./timed.ts";
import { type Services, startGateway, TASKSET_MISSING } from "./started.ts";

/** Small requests that are timed beside nothing. */
const ALONE = 200;
/** Uploads in which code is compiled, and the decoding processes are met for the first time. */
const WARM_UP = 8;

/** From an upload to ready pixels, by format; and small requests beside uploads that take long. */
export async function uploads(
  asked: Caller,
  services: Services,
  count: number,
): Promise<readonly string[]> {
  const jpeg = await drawPhoto().jpeg().toBuffer();
  const heic = heicOf(jpeg);
  const ct = "512×512 16-bit CT, DICOM";
  return [
    await row("12-megapixel JPEG", asked, count, (run) => withComment(jpeg, run)),
    ...(heic === undefined
      ? ["| 12-megapixel HEIC, upload to ready pixels | – | heif-enc is not installed |"]
      : await heicRows(asked, count, (run) => withFreeBox(heic, run))),
    await row(ct, asked, count, drawCt),
    TASKSET_MISSING
      ? `| ${ct}, on one core | – | taskset is not installed |`
      : await ctOnOneCore(services, `${ct}, on one core`, count),
  ];
}

async function row(
  what: string,
  asked: Caller,
  count: number,
  draw: (run: number) => Uint8Array,
): Promise<string> {
  const times: number[] = [];
  for (let run = 0; run < WARM_UP + count; run++) {
    const bytes = draw(run);
    const ms = await timed(() => upload(asked, bytes));
    if (run >= WARM_UP) times.push(ms);
  }
  return `| ${what}, upload to ready pixels | ${median(times).toFixed(0)} ms | worst ${Math.max(...times).toFixed(0)} ms |`;
}

/** The uploads, and follow-up turns beside and after them. */
async function heicRows(
  asked: Caller,
  count: number,
  draw: (run: number) => Uint8Array,
): Promise<readonly string[]> {
  const id = await upload(asked, drawCt(1_000));
  const turn = (): Promise<number> => timed(() => askShortly(asked, `medv-image:${id}`));
  const uploading = new AbortController();
  const uploaded = row("12-megapixel HEIC", asked, count, draw).finally(() => uploading.abort());
  const beside: number[] = [];
  while (!uploading.signal.aborted) beside.push(await turn());
  // Afterwards, so that the gateway has served as long.
  const alone: number[] = [];
  for (let run = 0; run < ALONE; run++) alone.push(await turn());
  return [
    await uploaded,
    turnRow("beside nothing", alone),
    turnRow("beside the HEIC uploads", beside),
  ];
}

function turnRow(what: string, times: readonly number[]): string {
  return `| follow-up turns, ${what} | ${median(times).toFixed(1)} ms | p99 ${percentile(times, 99).toFixed(1)} ms of ${times.length} |`;
}

async function ctOnOneCore(services: Services, what: string, count: number): Promise<string> {
  const gateway = await startGateway(services, { onOneCore: true });
  try {
    return await row(what, { url: gateway.url, model: services.model }, count, drawCt);
  } finally {
    await gateway.stop();
  }
}

/** The same image in other bytes: a comment behind the first marker. */
function withComment(jpeg: Uint8Array, run: number): Uint8Array {
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, 3, run]),
    jpeg.subarray(2),
  ]);
}

/** The same image in other bytes: a box that means nothing, at the end. */
function withFreeBox(heic: Uint8Array, run: number): Uint8Array {
  return Buffer.concat([heic, Buffer.from([0, 0, 0, 9]), Buffer.from("free"), Buffer.from([run])]);
}
