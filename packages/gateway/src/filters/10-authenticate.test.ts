// Logging in: the right secret in, everything else out in the same way.
import { verifiersOf } from "@headgate/control/verifiers";
import type { Binding } from "@headgate/core/binding";
import { newSecret } from "@headgate/core/ids";
import { plainMessage, scramClient } from "@headgate/kafka/sasl";
import { systemRandom } from "@headgate/store/system";
import { beforeAll, describe, expect, test } from "vitest";
import { testBinding } from "../../test/session.ts";
import { createLogin, isMechanism, type Login, loginFailed } from "./10-authenticate.ts";

const secret = newSecret(systemRandom);
const scrams = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
let binding: Binding;
let lookups: string[];

beforeAll(async () => {
  binding = testBinding(undefined, {}, { verifiers: await verifiersOf(secret, systemRandom) });
});

const find = async (apiKey: string) => {
  lookups.push(apiKey);
  return apiKey === binding.apiKey ? binding : undefined;
};

function login(mechanism: Login["mechanism"]): Login {
  lookups = [];
  return createLogin(mechanism, find);
}

const stranger = "ak_zzzzzzzzzzzzzzzz";
const failed = { kind: "failed", reason: loginFailed };

describe("PLAIN", () => {
  const step = (key: string, password: string) => login("PLAIN").step(plainMessage(key, password));

  test("lets the right secret in", async () => {
    expect(await step(binding.apiKey, secret)).toEqual({
      kind: "done",
      authBytes: Buffer.alloc(0),
      binding,
    });
  });

  test("answers a wrong secret, an unknown key and a name that is no key alike", async () => {
    for (const [key, password] of [
      [binding.apiKey, `${secret}x`],
      [binding.apiKey, secret.slice(0, -1)],
      [binding.apiKey, "p"],
      [stranger, secret],
      ["root", secret],
      ["ak_", "p"],
    ] as const)
      expect(await step(key, password)).toEqual(failed);
  });

  test("says what is wrong with a message that is none", async () => {
    for (const bytes of ["", "\0", "\0\0", "user", "\0user\0", "other\0user\0secret"]) {
      const result = await login("PLAIN").step(Buffer.from(bytes));
      expect(result).toMatchObject({ kind: "failed", reason: expect.stringMatching(/^Auth/) });
      expect(lookups).toEqual([]);
    }
  });
});

describe.each(scrams)("%s", (mechanism) => {
  /** The whole exchange; answers the last step and the shape of the first. */
  async function exchange(key: string, password: string, onFinal = (bytes: Buffer) => bytes) {
    const server = login(mechanism);
    const client = scramClient(mechanism, key, password, "clientnonce");
    const first = await server.step(client.first);
    if (first.kind !== "challenge") throw new Error(first.kind);
    const challenge = first.authBytes.toString();
    const last = await server.step(onFinal(client.final(first.authBytes)));
    return { client, challenge, last };
  }

  test("lets the right secret in and proves that the server knows it", async () => {
    const { client, last } = await exchange(binding.apiKey, secret);
    expect(last).toMatchObject({ kind: "done", binding });
    if (last.kind === "done") client.verify(last.authBytes);
    expect(lookups).toEqual([binding.apiKey]);
  });

  test("takes a wrong secret and an unknown key through the same steps to the same end", async () => {
    const shape = /^r=clientnonce[A-Za-z0-9_-]{24},s=[A-Za-z0-9+/]{22}==,i=4096$/;
    for (const key of [binding.apiKey, stranger, "root"]) {
      const { challenge, last } = await exchange(key, "wrong");
      expect(challenge).toMatch(shape);
      expect(last).toEqual(failed);
    }
  });

  test("shows an unknown key the same salt each time, as a known one has", async () => {
    const salts = (challenges: string[]) =>
      new Set(challenges.map((challenge) => /s=([^,]*)/.exec(challenge)?.[1]));
    for (const key of [binding.apiKey, stranger]) {
      const challenges = [await exchange(key, "a"), await exchange(key, "b")];
      expect(salts(challenges.map((each) => each.challenge)).size).toBe(1);
    }
    const both = [await exchange(stranger, "a"), await exchange("ak_yyyyyyyyyyyyyyyy", "a")];
    expect(salts(both.map((each) => each.challenge)).size).toBe(2);
  });

  test("is not fooled by a proof replayed into another exchange", async () => {
    let recorded: Buffer = Buffer.alloc(0);
    await exchange(binding.apiKey, secret, (bytes) => {
      recorded = bytes;
      return bytes;
    });
    expect((await exchange(binding.apiKey, secret, () => recorded)).last).toEqual(failed);
  });

  test("refuses messages that are none, and the other mechanism's proof", async () => {
    for (const text of ["", "n,,", "p=tls-unique,,n=u,r=x", "n,a=other,n=u,r=x"]) {
      const result = await login(mechanism).step(Buffer.from(text));
      expect(result.kind).toBe("failed");
    }
    for (const text of ["", "c=biws", "c=biws,r=x,p=!!!"]) {
      const { last } = await exchange(binding.apiKey, secret, () => Buffer.from(text));
      expect(last.kind).toBe("failed");
    }
    const cut = (bytes: Buffer) =>
      Buffer.from(bytes.toString().replace(/p=.*/, `p=${Buffer.alloc(20).toString("base64")}`));
    expect((await exchange(binding.apiKey, secret, cut)).last).toEqual(failed);
  });
});

test("mechanisms are the three there are", () => {
  for (const name of ["PLAIN", ...scrams]) expect(isMechanism(name)).toBe(true);
  for (const name of ["plain", "GSSAPI", "OAUTHBEARER", ""]) expect(isMechanism(name)).toBe(false);
});
