import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  fakeScramCredential,
  parsePlain,
  parseScramClientFirst,
  plainMessage,
  SaslError,
  scramClient,
  scramCredential,
  scramSaltedPassword,
  scramServerFinal,
  scramServerFirst,
} from "./sasl.ts";

describe.each(["SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("%s", (mechanism) => {
  const credential = scramCredential(mechanism, "pencil", Buffer.from("salty"), 4096);

  it("lets the right password in and proves the server", () => {
    const client = scramClient(mechanism, "a,b=c", "pencil", "cnonce");
    const first = parseScramClientFirst(client.first);
    expect(first.username).toBe("a,b=c");
    const serverFirst = scramServerFirst(first, credential, "snonce");
    const final = client.final(Buffer.from(serverFirst));
    const answer = scramServerFinal(mechanism, first, serverFirst, final, credential);
    expect(() => client.verify(answer ?? Buffer.alloc(0))).not.toThrow();
    expect(() => client.verify(Buffer.from("v=AAAA"))).toThrow(SaslError);
  });

  it("lets librdkafka's older releases in, which say their nonce twice, and nobody with another nonce", () => {
    const client = parseScramClientFirst(Buffer.from("n,,n=user,r=cnonce"));
    const serverFirst = scramServerFirst(client, credential, "snonce");
    const finalWith = (nonce: string) => {
      const withoutProof = `c=biws,r=${nonce}`;
      const salted = scramSaltedPassword(mechanism, "pencil", credential.salt, 4096);
      const digest = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
      const clientKey = createHmac(digest, salted).update("Client Key").digest();
      const signature = createHmac(digest, credential.storedKey)
        .update(`${client.bare},${serverFirst},${withoutProof}`)
        .digest();
      const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!));
      const final = Buffer.from(`${withoutProof},p=${proof.toString("base64")}`);
      return scramServerFinal(mechanism, client, serverFirst, final, credential);
    };
    expect(finalWith("cnoncesnonce")).toBeDefined();
    expect(finalWith("cnoncecnoncesnonce")).toEqual(expect.any(Buffer));
    for (const other of ["", "cnonce", "snonce", "cnoncesnoncex"])
      expect(finalWith(other)).toBeUndefined();
  });

  it("keeps a wrong password and an unknown user out, after the same exchange", () => {
    const fake = fakeScramCredential(mechanism, "nobody", Buffer.from("secret"), 4096);
    expect(fake).toEqual(fakeScramCredential(mechanism, "nobody", Buffer.from("secret"), 4096));
    for (const kept of [credential, fake]) {
      const client = scramClient(mechanism, "nobody", "wrong", "cnonce");
      const first = parseScramClientFirst(client.first);
      const serverFirst = scramServerFirst(first, kept, "snonce");
      const final = client.final(Buffer.from(serverFirst));
      expect(scramServerFinal(mechanism, first, serverFirst, final, kept)).toBeUndefined();
    }
  });
});

it("SCRAM-SHA-256 gives the messages of RFC 7677's example", () => {
  const client = scramClient("SCRAM-SHA-256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  expect(client.first.toString()).toBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const final = client.final(Buffer.from(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`));
  expect(final.toString()).toBe(`c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`);
  client.verify(Buffer.from("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
});

it("PLAIN is read as written; malformed messages and other identities are refused", () => {
  expect(parsePlain(plainMessage("u", "p"))).toEqual({ username: "u", password: "p" });
  for (const text of ["", "u\0p", "\0\0p", "\0u\0", "other\0u\0p", "\0u\0p\0x"])
    expect(() => parsePlain(Buffer.from(text))).toThrow(SaslError);
});
