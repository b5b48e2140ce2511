import { afterAll, beforeAll, expect, test } from "vitest";
import { writeDicom } from "@medv/gateway/image/dicom/testing/write_dicom";
import { type CollectedSpan, type Collector, startCollector, valueOf } from "./collector.ts";
import { startStack, type Stack } from "./stack.ts";

const CANARY = "CanaryZebrafish";
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const OTHER_TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "b7ad6b7169203331";

let collector: Collector;
let stack: Stack;
let exits: readonly (number | null)[];
const answers: string[] = [];

/** Asks about an image, as a stream, with what a proxy in front may add. */
async function ask(traceparent: string): Promise<string> {
  const image = Buffer.from(dicom()).toString("base64");
  const response = await fetch(`${stack.url}/v1/answers`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      traceparent,
      tracestate: `hospital=${CANARY}`,
      baggage: `patient=${CANARY}`,
    },
    body: JSON.stringify({
      model: "llada-medv-phantom",
      messages: [
        {
          role: "user",
          content: [
            {
              type: "image_url",
              image_url: { url: `data:application/dicom;base64,${image}` },
            },
            { type: "text", text: `What is shown? ${CANARY}` },
          ],
        },
      ],
      diffusion: { gen_length: 32, block_length: 8, min_tokens: 32, suffix: CANARY },
    }),
  });
  return await response.text();
}

/** Sends a file with a name, and asks for what is not there under a path that names somebody. */
async function upload(traceparent: string): Promise<void> {
  const form = new FormData();
  form.append("file", new File([dicom()], `${CANARY}.dcm`));
  const headers = { traceparent };
  const sent = await fetch(`${stack.url}/v1/images`, { method: "POST", headers, body: form });
  await fetch(`${stack.url}/v1/images/${CANARY}?patient=${CANARY}`, { headers });
  answers.push(await sent.text());
}

function dicom(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    writeDicom([
      ["00080060", "CS", "CT"],
      ["00100010", "PN", CANARY],
      ["00280002", "US", 1],
      ["00280004", "CS", "MONOCHROME2"],
      ["00280010", "US", 8],
      ["00280011", "US", 8],
      ["00280100", "US", 8],
      ["7fe00010", "OB", new Uint8Array(64).fill(100)],
    ]),
  );
}

beforeAll(async () => {
  collector = await startCollector();
  stack = await startStack({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  answers.push(await ask(`00-${TRACE_ID}-${PARENT}-01`));
  await upload(`00-${OTHER_TRACE_ID}-${PARENT}-01`);
  // Its caller says that it is not to be traced.
  answers.push(await ask(`00-${"1".repeat(32)}-${PARENT}-00`));
  exits = await stack.stop();
});

afterAll(() => collector.stop());

/** The spans below `parent`, each with those below itself. */
function tree(parent: string): readonly string[] {
  return collector.spans
    .filter(({ traceId, parentSpanId }) => traceId === TRACE_ID && parentSpanId === parent)
    .toSorted((one, other) =>
      Number(BigInt(one.startTimeUnixNano) - BigInt(other.startTimeUnixNano)),
    )
    .flatMap((span) => [
      `${span.service} ${span.name}`,
      ...tree(span.spanId).map((each) => `  ${each}`),
    ]);
}

function named(name: string): readonly CollectedSpan[] {
  return collector.spans.filter((span) => span.name === name);
}

test("an answer about an image is one trace through the three processes, a span for each block and each encode", () => {
  expect(answers[0]).toContain("event: answer-end");
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(
    new Set([TRACE_ID, OTHER_TRACE_ID]),
  );
  expect(tree(PARENT)).toEqual([
    "gateway POST /v1/answers",
    "  gateway medv.v1.DiffusionDecoder/DescribeModel",
    "    diffusion medv.v1.DiffusionDecoder/DescribeModel",
    "  gateway preprocess",
    "  gateway medv.v1.VisionEncoder/Encode",
    "    vision medv.v1.VisionEncoder/Encode",
    "      vision encode",
    "  gateway medv.v1.DiffusionDecoder/Generate",
    "    diffusion medv.v1.DiffusionDecoder/Generate",
    "      diffusion find-embeddings",
    "        diffusion medv.v1.VisionEncoder/ReadEmbedding",
    "          vision medv.v1.VisionEncoder/ReadEmbedding",
    ...Array.from({ length: 4 }, () => "      diffusion denoise-block"),
  ]);
});

test("a span says what its work took, in numbers", () => {
  const [request] = named("POST /v1/answers");
  expect(valueOf(request?.attributes ?? [], "http.response.status_code")).toBe(200);
  const [, end = "{}"] =
    /event: answer-end\n(?:id: .*\n)?data: (.*)\n/.exec(answers[0] ?? "") ?? [];
  const { usage } = JSON.parse(end) as {
    usage: { details: { forward_passes: number } };
  };
  const passes = named("denoise-block").map(({ attributes }) =>
    Number(valueOf(attributes, "medv.forward_passes")),
  );
  expect(passes.reduce((sum, each) => sum + each, 0)).toBe(usage.details.forward_passes);
  expect(
    collector.spans.filter((span) => BigInt(span.endTimeUnixNano) < BigInt(span.startTimeUnixNano)),
  ).toEqual([]);
});

test.each(["request-end", "encode-end", "answer-end"])(
  "the log line %s of a traced request names its trace",
  (event) => {
    const lines = stack.lines.filter((line) => line.includes(`"${event}"`));
    expect(lines.filter((line) => line.includes(`"traceId":"${TRACE_ID}"`))).toHaveLength(1);
  },
);

test("nothing that a caller sent stands in a span, and no name that it chose goes along", () => {
  expect(answers[0]).toContain(CANARY);
  expect(answers[1]).toContain("img_");
  expect(collector.bodies.join("\n")).not.toContain(CANARY);
  expect(collector.bodies.length).toBeGreaterThan(2);
});

test("every process that traces ends well", () => {
  expect(exits).toEqual([0, 0, 0]);
});
