import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** Turns a value into what is stored, and back; `name` binds it to its place. */
export type ValueCipher = {
  seal(value: Uint8Array, name: string): Uint8Array;
  /** @throws {Error} If it was changed, or sealed for another name or with another key. */
  open(sealed: Uint8Array, name: string): Uint8Array;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const DIGEST_BYTES = 32;

/**
 * Stores values readable, behind a SHA-256 of name and value: what a server mangles is found, not what somebody forges who
 * can write to it.
 */
export const PLAIN: ValueCipher = {
  seal: (value, name) => Buffer.concat([digestOf(value, name), value]),
  open(sealed, name) {
    const value = sealed.subarray(DIGEST_BYTES);
    if (digestOf(value, name).equals(sealed.subarray(0, DIGEST_BYTES))) return value;
    throw new RangeError("Cannot open the value as its digest must fit: it was changed");
  },
};

function digestOf(value: Uint8Array, name: string): Buffer {
  return createHash("sha256").update(name).update("\n").update(value).digest();
}

/**
 * AES-256-GCM; the name is authenticated with the value, so that one tenant's entry cannot be put in place of another's.
 *
 * @param key 32 bytes.
 * @see {@link https://doi.org/10.6028/NIST.SP.800-38D | NIST SP 800-38D}
 */
export function aesCipher(key: Uint8Array): ValueCipher {
  return {
    seal(value, name) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, name) {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const text = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(name));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(text), decipher.final()]);
    },
  };
}
