import chestXray from "../../samples/chest_xray.png";
import twoFindings from "../../samples/chest_xray_two_findings.png";
import ct from "../../samples/ct.png";
import gross from "../../samples/gross.png";
import histology from "../../samples/histology.png";
import mri from "../../samples/mri.png";

/** Drawn phantoms of the five modalities (`npm run phantoms -- --split test`), and one with two findings. */
export const SAMPLES = [
  { url: chestXray, name: "Chest X-ray", file: "chest_xray.png" },
  { url: mri, name: "Brain MRI", file: "mri.png" },
  { url: ct, name: "Abdominal CT", file: "ct.png" },
  { url: histology, name: "Histology", file: "histology.png" },
  { url: gross, name: "Gross pathology", file: "gross.png" },
  { url: twoFindings, name: "Two findings", file: "chest_xray_two_findings.png" },
] as const;

/** What may be asked of any of them. */
export const QUESTIONS = [
  "What does this image show?",
  "Give a detailed description of the image.",
  "Is this image normal?",
] as const;
