import { expect, test } from "vitest";
import { type NodeProperties, nodeProperties, renderProperties } from "./properties.ts";

const voter = (nodeId: number) => ({ nodeId, host: "127.0.0.1", controllerPort: 9000 + nodeId });
const node = (voters: number[]): NodeProperties => ({
  nodeId: 1,
  host: "127.0.0.1",
  brokerPort: 9092,
  voters: voters.map(voter),
  logDir: "/data/kafka",
  admin: { username: "admin", password: "secret" },
  tokens: { jwksPath: "/data/jwks.json", issuer: "i", audience: "a" },
});

test("every listener is on loopback and asks for a login", () => {
  const properties = nodeProperties(node([1]));
  expect(properties.get("listeners")).toBe("BROKER://127.0.0.1:9092,CONTROLLER://127.0.0.1:9001");
  const map = String(properties.get("listener.security.protocol.map"));
  expect(map.split(",").every((entry) => entry.endsWith(":SASL_PLAINTEXT"))).toBe(true);
});

test("who has no ACL has no access, and topics are only made on purpose", () => {
  const properties = nodeProperties(node([1]));
  expect(properties.get("allow.everyone.if.no.acl.found")).toBe("false");
  expect(properties.get("auto.create.topics.enable")).toBe("false");
  expect(properties.get("super.users")).toBe("User:admin");
});

test("internal topics have as many copies as the cell has nodes, three at most", () => {
  expect(nodeProperties(node([1])).get("offsets.topic.replication.factor")).toBe(1);
  expect(nodeProperties(node([1])).get("transaction.state.log.min.isr")).toBe(1);
  expect(nodeProperties(node([1, 2, 3])).get("offsets.topic.replication.factor")).toBe(3);
  expect(nodeProperties(node([1, 2, 3])).get("transaction.state.log.min.isr")).toBe(2);
  expect(nodeProperties(node([1, 2, 3])).get("controller.quorum.voters")).toBe(
    "1@127.0.0.1:9001,2@127.0.0.1:9002,3@127.0.0.1:9003",
  );
});

test("values are written so that Java reads them back", () => {
  expect(renderProperties([["a", " b\\ü\n😀"]])).toBe("a=\\ b\\\\\\u00fc\\u000a\\ud83d\\ude00\n");
});
