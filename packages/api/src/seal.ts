// Encryption of an answer that holds a secret, for the one caller who may see it again. The key is derived from the
// secret of the caller's own API key, of which the store has only a hash: reading the store opens nothing.
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { RandomSource } from "@headgate/core/clock";

const ivBytes = 12;
const tagBytes = 16;

export interface Sealer {
  /** AES-256-GCM under a key of `context`'s own; base64. */
  seal(context: string, text: string): string;
  /** The text, or undefined when it was sealed by another secret, for another context, or was changed. */
  open(context: string, sealed: string): string | undefined;
}

export function sealer(secret: string, random: RandomSource): Sealer {
  const keyOf = (context: string) =>
    Buffer.from(hkdfSync("sha256", secret, context, "headgate/sealed-answer", 32));
  return {
    seal(context, text) {
      const iv = random.bytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", keyOf(context), iv);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
    },
    open(context, sealed) {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < ivBytes + tagBytes) return undefined;
      const iv = bytes.subarray(0, ivBytes);
      const decipher = createDecipheriv("aes-256-gcm", keyOf(context), iv);
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      try {
        const body = decipher.update(bytes.subarray(ivBytes + tagBytes));
        return Buffer.concat([body, decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
