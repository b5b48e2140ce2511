/** One instruction of a Dockerfile, continued lines joined. */
export type Instruction = { readonly name: string; readonly value: string };

/** The instructions of a Dockerfile in their order; comments are left out. */
export function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => /^(\w+)\s+(.*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, name = "", value = ""]) => ({
      name: name.toUpperCase(),
      value: value.replaceAll(/\s+/g, " "),
    }));
}

/** The stages of a Dockerfile by name, each with its base and its instructions. */
export function stagesOf(
  instructions: readonly Instruction[],
): ReadonlyMap<string, { readonly base: string; readonly steps: readonly Instruction[] }> {
  const stages = new Map<string, { base: string; steps: Instruction[] }>();
  let steps: Instruction[] = [];
  for (const instruction of instructions) {
    if (instruction.name === "FROM") {
      const [base = "", , name = String(stages.size)] = instruction.value.split(" ");
      steps = [];
      stages.set(name, { base, steps });
    } else {
      steps.push(instruction);
    }
  }
  return stages;
}

/**
 * What is wrong with a Dockerfile, for the stages in `targets` that become images.
 *
 * @returns One line for each problem.
 */
export function dockerfileProblems(text: string, targets: readonly string[]): readonly string[] {
  const instructions = parseDockerfile(text);
  const stages = stagesOf(instructions);
  const bases = [...stages].flatMap(([name, { base }]) =>
    base === "scratch" || base === "${NODE_IMAGE}" || base === "${CUDA_IMAGE}" || stages.has(base)
      ? []
      : [`stage ${name} must be built on a base that is given by argument: "${base}"`],
  );
  const fixed = instructions
    .filter(({ name, value }) => name === "ARG" && /^(?:NODE|CUDA)_IMAGE=/.test(value))
    // A build from scratch fails at once.
    .filter(({ value }) => value !== "CUDA_IMAGE=scratch")
    .map(({ value }) => `must have no default, so that its digest is given: "${value}"`);
  const everywhere = instructions.flatMap(({ name, value }) => [
    ...(name === "ADD" ? [`COPY must be used in place of ADD: "${value}"`] : []),
    ...(/\bsudo\b|chmod 777|(?:curl|wget)\b.*\|/.test(value)
      ? [`must not be run: "${value}"`]
      : []),
    ...(/TOKEN|SECRET|PASSWORD/.test(value) ? [`must hold no secret: "${value}"`] : []),
    ...(/npm ci\b/.test(value) && !/--omit=dev\b/.test(value)
      ? [`must install no development dependencies: "${value}"`]
      : []),
    ...(/npm (?:install|i)\b/.test(value) ? [`must install by npm ci: "${value}"`] : []),
  ]);
  const installs = [...stages].flatMap(([name, { steps }]) =>
    installProblems(steps).map((problem) => `stage ${name} ${problem}`),
  );
  const images = targets.flatMap((target) => {
    const steps = stages.get(target)?.steps;
    if (steps === undefined) return [`stage ${target} is missing`];
    return imageProblems(steps).map((problem) => `stage ${target} ${problem}`);
  });
  return [...bases, ...fixed, ...everywhere, ...installs, ...images];
}

/**
 * What is wrong with the commands of a document that build images: a base without a digest may be another one tomorrow.
 *
 * @returns One line for each problem.
 */
export function buildProblems(document: string): readonly string[] {
  const given = document.matchAll(/\b(?:NODE|CUDA)_IMAGE=(\S+)/g);
  return [...given]
    .map(([, value = ""]) => value)
    .filter((value) => !/^\$\w+$|@sha256:(?:…|[0-9a-f]{64})$/.test(value))
    .map((value) => `the base must be given by its digest: "${value}"`);
}

/** Of a stage that installs packages. */
function installProblems(steps: readonly Instruction[]): readonly string[] {
  const install = steps.find(({ value }) => /npm ci\b/.test(value))?.value;
  if (install === undefined) return [];
  const copiesSettings = steps.some(
    ({ name, value }) => name === "COPY" && value.split(" ").includes(".npmrc"),
  );
  const list = install.indexOf("npm sbom --sbom-format=cyclonedx");
  return [
    ...(copiesSettings ? [] : ["must copy .npmrc, which lets no install script run"]),
    ...(list < 0 ? ["must list its parts by npm sbom"] : []),
    ...(PRUNES_RUNTIME.test(install)
      ? []
      : ["must leave out the ONNX Runtime of other platforms, or all of it"]),
    ...(install.lastIndexOf("rm -r node_modules/") > list
      ? ["must list its parts when the last of them is gone"]
      : []),
  ];
}

/** Removes the package, or what of it is not for the platform of the image. */
const PRUNES_RUNTIME =
  /rm -r node_modules\/onnxruntime-node\b|find node_modules\/onnxruntime-node\/bin\S* [^&]*! -path "\*\/linux\/\$\(node -p process\.arch\)" -exec rm -r/;

function imageProblems(steps: readonly Instruction[]): readonly string[] {
  const last = (name: string): string => steps.findLast((step) => step.name === name)?.value ?? "";
  const after = steps.slice(steps.findLastIndex(({ name }) => name === "USER") + 1);
  return [
    ...(/^[1-9]\d*(?::[1-9]\d*)?$/.test(last("USER"))
      ? []
      : [`must run as a user by number other than root: "${last("USER")}"`]),
    ...(after.some(({ name }) => name === "RUN" || name === "COPY")
      ? ["must copy and run nothing after USER, so that the files stay root's"]
      : []),
    ...(/^\[".*"\]$/.test(last("ENTRYPOINT"))
      ? []
      : ["must have an ENTRYPOINT in exec form, so that it gets the signals"]),
    ...(steps.some(({ name, value }) => name === "RUN" && /npm (?:ci|run)/.test(value))
      ? ["must be made of what other stages installed"]
      : []),
    ...(steps.some(({ name, value }) => name === "COPY" && !value.startsWith("--from="))
      ? ["must be made of what other stages have"]
      : []),
    ...(last("ENV").includes("NODE_ENV=production") ? [] : ["must set NODE_ENV=production"]),
  ];
}
