import { expect, test } from "vitest";
import { snippets } from "./snippets.ts";

const input = {
  api: "http://127.0.0.1:8080",
  bootstrap: "127.0.0.1:9092",
  cluster: "default",
  topic: "orders.v1",
  key: { id: "ak_0123456789abcdef", secret: "hgs_secret" },
  tls: false,
};

test("every snippet carries the reader's own topic and key, and leaves nothing to fill in", () => {
  for (const { label, code } of snippets(input)) {
    expect(code, label).toContain("orders.v1");
    expect(code, label).toContain(input.key.id);
    expect(code, label).toContain(input.key.secret);
    expect(code, label).not.toMatch(/<[A-Z_ ]+>|undefined/);
  }
});

test("the Kafka snippets name the bootstrap address, and TLS only where it is", () => {
  for (const tls of [false, true]) {
    for (const { id, code } of snippets({ ...input, tls }).filter((s) => s.id !== "curl")) {
      expect(code, id).toContain(input.bootstrap);
      expect(/ssl: true|SASL_SSL/.test(code), id).toBe(tls);
    }
  }
});
