import { expect, test } from "vitest";
import { drawFacts, kindsOf, traitsOf } from "./draw_facts.ts";
import { drawNonPhantom } from "./draw_non_phantom.ts";
import { drawFrom, drawPhantom } from "./draw_phantom.ts";
import { DENSE_CLASSES, MODALITIES, type Finding } from "./phantom.ts";
import { randomSource } from "./random.ts";

const KINDS = MODALITIES.flatMap((modality) =>
  kindsOf(modality).map((kind) => ({ modality, kind })),
);

test("drawPhantom() gives the same pixels for the same number, and others for another number, seed or split", () => {
  const one = drawPhantom("train", 1, 5);
  expect(drawPhantom("train", 1, 5)).toEqual(one);
  expect(one.id).toBe("train-000005");
  for (const other of [
    drawPhantom("train", 1, 6),
    drawPhantom("train", 2, 5),
    drawPhantom("test", 1, 5),
  ]) {
    expect(other.image.data).not.toEqual(one.image.data);
  }
});

test.each(KINDS)("drawFrom() marks where a $kind of a $modality lies", ({ modality, kind }) => {
  const traits = traitsOf(modality, kind);
  const finding: Finding = {
    kind,
    side: traits.side ? "left" : undefined,
    count: traits.count ? 2 : undefined,
    size: traits.size ? "medium" : undefined,
    severity: traits.severity ? "moderate" : undefined,
  };
  const { image, labels } = drawFrom({ modality, findings: [finding] }, randomSource(kind));
  const label = DENSE_CLASSES.indexOf(kind);
  const columns = [...labels.entries()]
    .filter(([, found]) => found === label)
    .map(([place]) => place % image.width);
  expect(columns.length).toBeGreaterThan(0.002 * labels.length);
  // By radiological convention the patient's left lies on the right of the picture.
  const middle = columns.reduce((sum, column) => sum + column, 0) / columns.length;
  expect(!traits.side || middle > image.width / 2).toBe(true);
});

test("drawFrom() leaves no finding's mark in a normal picture", () => {
  const first = 1 + MODALITIES.length;
  for (const modality of MODALITIES) {
    const { labels } = drawFrom({ modality, findings: [] }, randomSource(modality));
    expect(Math.max(...labels)).toBeLessThan(first);
  }
});

test("drawFrom() gives grey in 8 and in 16 bits, and colour in 8", () => {
  const images = Array.from(
    { length: 40 },
    (_, index) => drawPhantom("validation", 3, index).image,
  );
  const kinds = new Set(
    images.map(({ channels, data }) => `${channels} x ${data instanceof Uint16Array ? 16 : 8}`),
  );
  expect([...kinds].toSorted()).toEqual(["1 x 16", "1 x 8", "3 x 8"]);
});

test("drawFacts() gives none, one or two findings of different kinds, with the attributes of their kinds", () => {
  const all = Array.from({ length: 2000 }, (_, index) => drawFacts(randomSource(`facts ${index}`)));
  const counts = [0, 1, 2].map(
    (count) => all.filter(({ findings }) => findings.length === count).length,
  );
  expect(counts.reduce((sum, count) => sum + count)).toBe(all.length);
  for (const count of counts) expect(count).toBeGreaterThan(300);
  for (const { modality, findings } of all) {
    expect(new Set(findings.map(({ kind }) => kind)).size).toBe(findings.length);
    for (const finding of findings) {
      const { side, count, size, severity } = traitsOf(modality, finding.kind);
      expect([
        finding.side !== undefined,
        finding.count !== undefined,
        finding.size !== undefined,
        finding.severity !== undefined,
      ]).toEqual([side, count, size, severity]);
      expect(finding.side === "both" && finding.count === 1).toBe(false);
    }
  }
});

test("drawNonPhantom() gives the same picture for the same number and varies between numbers", () => {
  const pictures = Array.from({ length: 40 }, (_, index) => drawNonPhantom("test", 1, index));
  expect(drawNonPhantom("test", 1, 7)).toEqual(pictures[7]);
  expect(new Set(pictures.map(({ data }) => Buffer.from(data).toString("base64"))).size).toBe(40);
});
