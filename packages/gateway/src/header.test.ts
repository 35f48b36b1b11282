// Request headers, hostile ones too.
import { requestFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { WireError } from "@headgate/kafka/wire";
import { describe, expect, test } from "vitest";
import { routeFor } from "./allow-list.ts";
import {
  apiKeyOf,
  apiVersionOf,
  checkHeader,
  clientIds,
  correlationIdOf,
  requestBodyAt,
} from "./header.ts";

const body = Buffer.from("body");
const frame = (version: number, clientId: string | null = "me") =>
  requestFrame(Api.Metadata, version, 7, clientId, body);

test("a header is read in place", () => {
  const bytes = frame(9);
  expect([apiKeyOf(bytes), apiVersionOf(bytes), correlationIdOf(bytes)]).toEqual([3, 9, 7]);
});

describe("the body starts behind it", () => {
  test.each([
    [8, "me"],
    [9, "me"],
    [8, null],
    [9, null],
    [9, ""],
  ] as const)("in version %i, for client id %o", (version, clientId) => {
    const bytes = frame(version, clientId);
    const at = requestBodyAt(routeFor(Api.Metadata, version)!, bytes);
    expect(bytes.subarray(at)).toEqual(body);
  });

  test("and behind tags, which are legal and never seen", () => {
    const bytes = frame(9);
    const tags = Buffer.from([1, 5, 2, 0xaa, 0xbb]);
    const at = requestBodyAt(routeFor(Api.Metadata, 9)!, bytes);
    const tagged = Buffer.concat([bytes.subarray(0, at - 1), tags, bytes.subarray(at)]);
    tagged.writeInt32BE(tagged.length - 4);
    const bodyAt = requestBodyAt(routeFor(Api.Metadata, 9)!, tagged);
    expect(tagged.subarray(bodyAt)).toEqual(body);
  });
});

test("what is too short, or says that its client id is longer than all of it, is refused", () => {
  for (let length = 4; length < 14; length++)
    expect(() => checkHeader(Buffer.alloc(length))).toThrow(WireError);
  for (const size of [-2, -32_768, 7, 32_767]) {
    const bytes = frame(8);
    bytes.writeInt16BE(size, 12);
    expect(() => requestBodyAt(routeFor(Api.Metadata, 8)!, bytes)).toThrow(WireError);
    expect(() => clientIds().changed(bytes)).toThrow(WireError);
  }
});

test("a client id is told when it changes, and not with every request", () => {
  const ids = clientIds();
  const changes = ["a", "a", "ab", "b", "b", null, null, "b"].map((id) =>
    ids.changed(frame(8, id)),
  );
  expect(changes).toEqual(["a", undefined, "ab", "b", undefined, "", undefined, "b"]);
});
