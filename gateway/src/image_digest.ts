/** Lower-case hexadecimal SHA-256 of a file's bytes. */
export async function imageDigest(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toString("hex");
}
