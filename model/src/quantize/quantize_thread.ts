import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { decodeFloats } from "./decode_floats.ts";
import type { QuantizeJob } from "./quantize_job.ts";
import { quantizeRows } from "./quantize_rows.ts";

// An error ends the thread, and whoever started it hears of it.
parentPort?.on("message", (job: QuantizeJob) => {
  quantize(job);
  parentPort?.postMessage(job.byteLength, []);
});

function quantize(job: QuantizeJob): void {
  const { weight, scale } = quantizeRows(decodeFloats(readRows(job), job.dtype), job.width);
  const draft = openSync(job.draft, "r+");
  try {
    write(draft, new Uint8Array(scale.buffer), job.scaleOffset + job.firstRow * 4);
    if (scale.length === job.out) {
      write(draft, new Uint8Array(weight.buffer), job.weightOffset);
      return;
    }
    for (let channel = 0; channel < job.width; channel++) {
      const part = new Uint8Array(weight.buffer, channel * scale.length, scale.length);
      write(draft, part, job.weightOffset + channel * job.out + job.firstRow);
    }
  } finally {
    closeSync(draft);
  }
}

function readRows({ source, offset, byteLength }: QuantizeJob): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  const file = openSync(source, "r");
  try {
    let read = 0;
    while (read < byteLength) {
      const count = readSync(file, bytes, read, byteLength - read, offset + read);
      if (count === 0) throw new RangeError(`Cannot quantise "${source}" as it ended early`);
      read += count;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

function write(file: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written);
  }
}
