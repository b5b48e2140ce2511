/**
 * Certificate authorities and certificates, made when a test needs them.
 *
 * @module
 */
// Decorators of the certificate library ask for it.
// oxlint-disable-next-line import/no-unassigned-import
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { TlsFiles } from "@medv/proto/grpc";

/** Who signs. */
export type Authority = { readonly certificate: X509Certificate; readonly keys: CryptoKeyPair };

type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** How a certificate differs from a good one. */
export type CertificateOptions = {
  /** The host that it names; 127.0.0.1 by default. */
  readonly host?: string;
  /** Days from today on which it ends; a day by default. */
  readonly days?: number;
};

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
// RFC 5280, section 4.2.1.12.
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await createKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(10),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate, keys };
}

/** Writes key, certificate and `trusted` into a new folder, or over the files of `into`. */
export async function issue(
  signer: Authority,
  trusted: Authority,
  options: CertificateOptions & { readonly into?: TlsFiles } = {},
): Promise<TlsFiles> {
  const keys = await createKeys();
  const host = options.host ?? "127.0.0.1";
  const certificate = await X509CertificateGenerator.create({
    ...validity(options.days ?? 1),
    subject: "CN=medv",
    issuer: signer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: host === "127.0.0.1" ? "ip" : "dns", value: host },
      ]),
      new ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]),
    ],
  });
  const secret = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  const files = options.into ?? {
    certificate: join(folder, "tls.crt"),
    key: join(folder, "tls.key"),
    ca: join(folder, "ca.crt"),
  };
  writeFileSync(files.key, PemConverter.encode(secret, "PRIVATE KEY"), { mode: 0o600 });
  writeFileSync(files.certificate, certificate.toString("pem"));
  writeFileSync(files.ca, trusted.certificate.toString("pem"));
  return files;
}

function createKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function validity(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const serialNumber = `01${randomBytes(8).toString("hex")}`;
  const now = Date.now();
  return {
    serialNumber,
    notBefore: new Date(now - 10 * DAY_MS),
    notAfter: new Date(now + days * DAY_MS),
  };
}
