import {
  type ChannelCredentials,
  credentials,
  experimental,
  ServerCredentials,
} from "@grpc/grpc-js";

/** Paths of PEM files: what a process shows of itself, as server and as client, and whom it trusts. */
export type TlsFiles = {
  /** Certificate chain, the process's own first. */
  readonly certificate: string;
  readonly key: string;
  /** Certificates of the authorities that sign for the other processes. */
  readonly ca: string;
};

/** How the two ends of a connection prove who they are. */
export type Credentials = {
  readonly server: ServerCredentials;
  readonly channel: ChannelCredentials;
};

// An authority renews certificates days before they end; a connection lives for minutes.
const REFRESH_MS = 60_000;

/**
 * Mutual TLS from these files, or no TLS without files. The files are read again every minute, so that a renewed
 * certificate is used by new connections without a restart.
 */
export function credentialsOf(files: TlsFiles | undefined, refreshMs = REFRESH_MS): Credentials {
  if (files === undefined) {
    return { server: ServerCredentials.createInsecure(), channel: credentials.createInsecure() };
  }
  const watcher = new experimental.FileWatcherCertificateProvider({
    certificateFile: files.certificate,
    privateKeyFile: files.key,
    caCertificateFile: files.ca,
    refreshIntervalMs: refreshMs,
  });
  return {
    server: experimental.createCertificateProviderServerCredentials(watcher, watcher, true),
    channel: experimental.createCertificateProviderChannelCredentials(watcher, watcher),
  };
}
