import { createClient } from "@medv/proto/grpc";
import { VisionEncoder } from "@medv/proto/vision";
import { createAuthority, issue } from "@medv/runtime/testing/certificates";
import sharp from "sharp";
import { expect, test } from "vitest";
import { startStack } from "./stack.ts";

test("with MEDV_TLS_ variables the three processes answer about an image, and nobody else may call a service", async () => {
  const authority = await createAuthority("ours");
  const files = await issue(authority, authority);
  const stack = await startStack({
    MEDV_TLS_CERTIFICATE: files.certificate,
    MEDV_TLS_KEY: files.key,
    MEDV_TLS_CA: files.ca,
  });
  try {
    expect((await fetch(`${stack.url}/readyz`)).status).toBe(200);
    const png = await sharp({ create: { width: 9, height: 7, channels: 3, background: "#804020" } })
      .png()
      .toBuffer();
    const url = `data:image/png;base64,${png.toString("base64")}`;
    const response = await fetch(`${stack.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "llada-medv-phantom",
        max_tokens: 8,
        messages: [
          {
            role: "user",
            content: [
              { type: "image_url", image_url: { url } },
              { type: "text", text: "What is shown?" },
            ],
          },
        ],
      }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ usage: { details: { image_cache: "miss" } } });

    const listening = stack.lines.find(
      (line) => line.includes('"service":"vision"') && line.includes('"listen-start"'),
    );
    const { address } = JSON.parse(listening ?? "{}") as { address: string };
    const stranger = createClient(VisionEncoder, address);
    const call = { signal: new AbortController().signal, deadline: new Date(Date.now() + 30_000) };
    await expect(stranger.encode({}, call)).rejects.toMatchObject({ code: "unavailable" });
    stranger.close();
  } finally {
    await stack.stop();
  }
}, 120_000);
