import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TlsFiles } from "@medv/proto/grpc";
import { optionalSetting, type SettingValues } from "./setting.ts";

const CERTIFICATE = "MEDV_TLS_CERTIFICATE";
const KEY = "MEDV_TLS_KEY";
const CA = "MEDV_TLS_CA";

/** The three variables of mutual TLS: all of them are set, or none. */
export const TLS_SETTINGS = {
  tlsCertificate: optionalSetting(
    CERTIFICATE,
    "PEM file: certificate chain of this process for mutual TLS between the processes; plain text without",
  ),
  tlsKey: optionalSetting(KEY, "PEM file: private key of this process"),
  tlsCa: optionalSetting(CA, "PEM file: authorities that sign for the other processes"),
} as const;

/**
 * The files that the variables name, checked to be what they are called.
 *
 * @throws {RangeError} Naming the variable, the rule and the value.
 */
export function tlsFiles(values: SettingValues<typeof TLS_SETTINGS>): TlsFiles | undefined {
  const { tlsCertificate: certificate, tlsKey: key, tlsCa: ca } = values;
  if (certificate === undefined && key === undefined && ca === undefined) return undefined;
  const all = `${CERTIFICATE}, ${KEY} and ${CA} must be set together`;
  if (certificate === undefined) throw invalid(CERTIFICATE, all, "");
  if (key === undefined) throw invalid(KEY, all, "");
  if (ca === undefined) throw invalid(CA, all, "");

  const own = parse(
    CERTIFICATE,
    certificate,
    "a PEM certificate",
    (pem) => new X509Certificate(pem),
  );
  parse(CA, ca, "a PEM certificate", (pem) => new X509Certificate(pem));
  const secret = parse(KEY, key, "a PEM private key", createPrivateKey);
  if (!own.checkPrivateKey(secret)) {
    throw invalid(KEY, `it must be the key of ${CERTIFICATE} ("${certificate}")`, key);
  }
  if (own.validToDate.getTime() <= Date.now()) {
    throw invalid(CERTIFICATE, `it must be valid now, but ended on ${own.validTo}`, certificate);
  }
  return { certificate, key, ca };
}

function parse<T>(variable: string, path: string, what: string, parsePem: (pem: string) => T): T {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (error) {
    throw invalid(variable, "it must be a file that can be read", path, error);
  }
  try {
    return parsePem(pem);
  } catch {
    // What the parser says may quote the key.
    throw invalid(variable, `it must be ${what}`, path);
  }
}

function invalid(variable: string, rule: string, value: string, cause?: unknown): RangeError {
  return new RangeError(
    `Cannot read ${variable} as ${rule}: current value is "${value}"`,
    cause === undefined ? {} : { cause },
  );
}
