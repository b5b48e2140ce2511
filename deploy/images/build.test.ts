import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { until } from "@medv/runtime/testing/until";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const TIMEOUT_MS = 900_000;

/** The first engine that works here: asked for its images, a client without its daemon fails. */
const engine = ["docker", "podman", "buildah"].find(
  (name) => spawnSync(name, ["images"], { stdio: "ignore", timeout: 20_000 }).status === 0,
);
// An image with Node 24 and npm that the engine has: nothing is pulled for a test.
const base = process.env["MEDV_TEST_NODE_IMAGE"];

test.for([
  { image: "gateway", target: "gateway" },
  { image: "vision", target: "cpu" },
  { image: "diffusion", target: "cpu" },
])(
  "the image of $image is built and names its parts; as a user who is not root its process refuses a wrong setting, starts on a read-only root, and ends when it is told to",
  { timeout: TIMEOUT_MS },
  async ({ image, target }, { skip }) => {
    if (engine === undefined) {
      skip("no engine for containers works here: the Dockerfiles are checked by their rules alone");
      return;
    }
    if (base === undefined) {
      skip("MEDV_TEST_NODE_IMAGE names no local image with Node and npm to build on");
      return;
    }
    const tag = `medv-${image}:test`;
    const file = join(ROOT, `deploy/images/${image}.Dockerfile`);
    const args = ["--file", file, "--target", target, "--build-arg", `NODE_IMAGE=${base}`];
    execFileSync(engine, ["build", ...args, "--tag", tag, ROOT], { stdio: "pipe" });

    const node = (...words: string[]): { status: number | null; output: string } =>
      run(engine, tag, ["node", ...words]);
    expect(node("--print", "process.getuid()").output).toContain("65532");
    const parts = node("--print", 'require("/app/sbom.cdx.json").components.length');
    expect(Number(parts.output)).toBeGreaterThan(10);
    const entry = image === "gateway" ? "gateway" : `services/${image}`;
    const { status, output } = run(engine, tag, [
      "env",
      "MEDV_VISION_ADDRESS=nowhere",
      "node",
      `/app/${entry}/src/main.ts`,
    ]);
    expect(status).toBe(1);
    expect(output).toContain('Cannot read MEDV_VISION_ADDRESS as it must be "host:port"');
    // Buildah keeps no container that runs by itself.
    if (engine === "buildah") return;
    expect(await lifeOf(engine, tag, image === "gateway" ? "listen" : "service-ready")).toBe("0");
  },
);

/** Starts a container as a pod does, waits until its log names `event`, tells it to end, and answers with its exit code. */
async function lifeOf(engineName: string, tag: string, event: string): Promise<string> {
  const ask = (...words: string[]): string => {
    const { stdout, stderr } = spawnSync(engineName, words, { encoding: "utf8" });
    return (stdout + stderr).trim();
  };
  const container = `medv-test-${process.pid}`;
  ask("run", "--detach", "--name", container, "--read-only", "--tmpfs", "/tmp", tag);
  try {
    const isRunning = (): boolean =>
      ask("inspect", "--format", "{{.State.Running}}", container) === "true";
    await until(
      "the container says that it is ready, or ends",
      () => ask("logs", container).includes(`"${event}"`) || !isRunning(),
    );
    expect(ask("logs", container)).toContain(`"${event}"`);
    ask("kill", "--signal", "TERM", container);
    return ask("wait", container);
  } finally {
    ask("rm", "--force", container);
  }
}

/** Runs a command in a fresh container of `tag`; buildah has containers, but no `run IMAGE`. */
function run(
  engineName: string,
  tag: string,
  command: readonly string[],
): { status: number | null; output: string } {
  const options = { encoding: "utf8" } as const;
  if (engineName !== "buildah") {
    const [first = "", ...rest] = command;
    const args = ["run", "--rm", "--read-only", "--entrypoint", first, tag, ...rest];
    const { status, stdout, stderr } = spawnSync(engineName, args, options);
    return { status, output: stdout + stderr };
  }
  const container = execFileSync("buildah", ["from", tag], options).trim();
  try {
    const args = ["run", container, "--", ...command];
    const { status, stdout, stderr } = spawnSync("buildah", args, options);
    return { status, output: stdout + stderr };
  } finally {
    execFileSync("buildah", ["rm", container], { stdio: "ignore" });
  }
}
