import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { structValue } from "../test/arbitrary.ts";
import { allVersions, apiKeys, apiName, structOf } from "./api-schemas.ts";
import {
  type ApiKey,
  decode,
  decodeResponse,
  encode,
  encodeElement,
  encodeRequest,
  encodeResponse,
} from "./codec.ts";
import { Api } from "./generated/types.ts";
import { Mark } from "./marks.ts";
import { plan } from "./plan.ts";
import type { Direction } from "./schema.ts";
import {
  ADD_PREFIX,
  bystander,
  DROP,
  KEEP,
  rewrite,
  rewriteFrame,
  STRIP_PREFIX,
  type Visitor,
} from "./walker.ts";
import { WireError } from "./wire.ts";

const prefix = Buffer.from("c123456789.");
const NAMES: ReadonlySet<number> = new Set([
  Mark.topicName,
  Mark.groupId,
  Mark.transactionalId,
  Mark.coordinatorKey,
  Mark.resourceName,
]);

const adding: Visitor = {
  ...bystander,
  prefix,
  span: (mark) => (NAMES.has(mark) ? ADD_PREFIX : KEEP),
  int: (mark, value) => (mark === Mark.port ? value ^ 1 : value),
};
const stripping: Visitor = { ...adding, span: (mark) => (NAMES.has(mark) ? STRIP_PREFIX : KEEP) };
const copying: Visitor = {
  ...bystander,
  span: (_mark, bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
};

const walk = (apiKey: number, version: number, direction: Direction, body: Buffer, v: Visitor) =>
  Buffer.concat(rewrite(plan(apiKey, version, direction), body, 0, body.length, v));

const everyMessage = apiKeys.flatMap((apiKey) => {
  const [min, max] = allVersions(apiKey) ?? [0, -1];
  return Array.from({ length: max - min + 1 }, (_, i) => min + i).flatMap((version) =>
    (["request", "response"] as const).map((direction) => ({
      name: apiName(apiKey),
      apiKey: apiKey as ApiKey,
      version,
      direction,
    })),
  );
});

describe.each(everyMessage)("$name v$version $direction", ({ apiKey, version, direction }) => {
  const struct = structOf(apiKey, version, direction);

  it("survives encode and decode, an idle walk, and a prefix put on and taken off", () => {
    fc.assert(
      fc.property(structValue(struct), (value) => {
        const body = encode(struct, value);
        expect(decode(struct, body)).toEqual(value);
        expect(walk(apiKey, version, direction, body, bystander)).toEqual(body);
        expect(walk(apiKey, version, direction, body, copying)).toEqual(body);
        const prefixed = walk(apiKey, version, direction, body, adding);
        decode(struct, prefixed);
        expect(walk(apiKey, version, direction, prefixed, stripping)).toEqual(body);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it("answers broken bytes with WireError only, and codec and walker agree on what is whole", () => {
    const attempt = (read: () => unknown) => {
      try {
        read();
        return true;
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        return false;
      }
    };
    const both = (bytes: Buffer): void => {
      const walked = attempt(() => walk(apiKey, version, direction, bytes, bystander));
      expect(walked).toBe(attempt(() => decode(struct, bytes)));
    };
    fc.assert(
      fc.property(structValue(struct), fc.nat(), fc.nat(255), fc.nat(), (value, at, byte, cut) => {
        const body = Buffer.from(encode(struct, value));
        both(body.subarray(0, cut % (body.length + 1)));
        if (body.length > 0) body[at % body.length] = byte;
        both(body);
      }),
      { numRuns: 25, seed: 2 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => both(Buffer.from(bytes))),
      { numRuns: 25, seed: 3 },
    );
  });
});

describe("edits", () => {
  const metadata = encodeResponse(Api.Metadata, 12, {
    topics: [
      { name: "c123456789.mine", partitions: [{ partitionIndex: 0 }] },
      { name: "c999999999.theirs", partitions: [{ partitionIndex: 7 }] },
      { name: null, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" },
    ],
  });

  it("drops elements of a foreign prefix, silences what is inside them, and corrects the count", () => {
    const partitions: number[] = [];
    const visitor: Visitor = {
      ...bystander,
      prefix,
      span(mark, bytes, start, end) {
        if (mark !== Mark.topicName) return KEEP;
        return bytes.subarray(start, end).toString().startsWith("c123456789.")
          ? STRIP_PREFIX
          : DROP;
      },
      int(mark, value) {
        if (mark === Mark.partition) partitions.push(value);
        return value;
      },
    };
    const out = decodeResponse(Api.Metadata, 12, walk(3, 12, "response", metadata, visitor));
    expect(out.topics.map((t) => t.name)).toEqual(["mine", null]);
    expect(partitions).toEqual([0]);
  });

  it("drops list entries that are plain strings, across the compact count's own size change", () => {
    const groups = Array.from({ length: 200 }, (_, i) => `g${i}`);
    const body = encodeRequest(Api.DescribeGroups, 5, { groups });
    const visitor: Visitor = {
      ...bystander,
      span: (_m, bytes, start, end) => (bytes.toString("utf8", start, end) === "g42" ? KEEP : DROP),
    };
    const out = walk(15, 5, "request", body, visitor);
    expect(out).toEqual(encodeRequest(Api.DescribeGroups, 5, { groups: ["g42"] }));
  });

  it("appends elements to an array, also to an emptied one", () => {
    const stub = encodeElement(Api.Produce, 9, "response", "responses", {
      name: "refused",
      partitionResponses: [{ index: 0, errorCode: 29, baseOffset: -1n }],
    });
    const visitor: Visitor = {
      ...bystander,
      span: (mark) => (mark === Mark.topicName ? DROP : KEEP),
      append: () => ({ count: 1, bytes: stub }),
    };
    const body = encodeResponse(Api.Produce, 9, { responses: [{ name: "other" }] });
    const out = decodeResponse(Api.Produce, 9, walk(0, 9, "response", body, visitor));
    expect(out.responses.map((r) => [r.name, r.partitionResponses[0]?.errorCode])).toEqual([
      ["refused", 29],
    ]);
  });

  it("corrects the size of a tagged field whose contents change, across the varint's own size change", () => {
    const nodeEndpoints = [{ nodeId: 1, host: "h", port: 9092 }];
    const body = encodeResponse(Api.Produce, 10, { nodeEndpoints });
    const host = "b1.example.".padEnd(150, "x");
    const visitor: Visitor = {
      ...bystander,
      span: (mark) => (mark === Mark.host ? Buffer.from(host) : KEEP),
      int: (mark, value) => (mark === Mark.port ? 19093 : value),
    };
    const out = walk(0, 10, "response", body, visitor);
    expect(out).toEqual(
      encodeResponse(Api.Produce, 10, { nodeEndpoints: [{ nodeId: 1, host, port: 19093 }] }),
    );
  });

  it("corrects a frame's size and forwards record bytes as slices of the same memory", () => {
    const records = Buffer.alloc(100_000, 1);
    const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
    const body = encodeRequest(Api.Produce, 9, { acks: -1, topicData });
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, 9, 9, 9]), body]);
    frame.writeInt32BE(frame.length - 4, 0);
    const slices = rewriteFrame(plan(0, 9, "request"), frame, 7, adding);
    const out = Buffer.concat(slices);
    expect(out.readInt32BE(0)).toBe(out.length - 4);
    expect(out.length).toBe(frame.length + prefix.length);
    const large = slices.find((slice) => slice.length >= records.length);
    expect(large?.buffer).toBe(frame.buffer);
  });

  it("tells a null array from an empty one", () => {
    const seen: number[] = [];
    const visitor: Visitor = { ...bystander, array: (_mark, count) => void seen.push(count) };
    walk(3, 12, "request", encodeRequest(Api.Metadata, 12, { topics: null }), visitor);
    walk(3, 12, "request", encodeRequest(Api.Metadata, 12, { topics: [] }), visitor);
    expect(seen).toEqual([-1, 0]);
  });

  it("refuses a count that the frame cannot hold before doing anything with it", () => {
    const body = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]);
    expect(() => walk(3, 12, "request", body, bystander)).toThrow(WireError);
  });
});
