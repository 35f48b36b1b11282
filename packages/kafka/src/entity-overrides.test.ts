// The marks written by hand must name fields that exist: a misspelt path would leave a tenant's name unprefixed,
// silently.
import { describe, expect, it } from "vitest";
import { allVersions, apiKeys, apiName, structOf } from "./api-schemas.ts";
import { BY_NAME, BY_PATH, markOf } from "./entity-overrides.ts";
import { Mark } from "./marks.ts";
import type { Direction, Field, Struct } from "./schema.ts";

/** Every field of every version of one message, by its path. */
function fieldsOf(apiKey: number, direction: Direction): Map<string, Field[]> {
  const found = new Map<string, Field[]>();
  const collect = (struct: Struct, above: string) => {
    for (const field of [...struct.fields, ...struct.tagged.map((tagged) => tagged.field)]) {
      const path = `${above}${field.name}`;
      found.set(path, [...(found.get(path) ?? []), field]);
      if (field.struct) collect(field.struct, `${path}.`);
    }
  };
  const [min, max] = allVersions(apiKey) ?? [0, -1];
  for (let version = min; version <= max; version++)
    collect(structOf(apiKey, version, direction), "");
  return found;
}

const directions = ["request", "response"] as const;
const everyField = apiKeys.flatMap((apiKey) =>
  directions.flatMap((direction) =>
    [...fieldsOf(apiKey, direction)].flatMap(([path, fields]) =>
      fields.map((field) => ({ apiKey, direction, path, field })),
    ),
  ),
);

/** The overrides that name no field of the generated descriptions. */
function dangling(overrides: Readonly<Record<string, Readonly<Record<string, Mark>>>>): string[] {
  return Object.entries(overrides).flatMap(([message, marks]) => {
    const [key = "", direction = ""] = message.split(" ");
    const isMessage = directions.includes(direction as Direction) && apiKeys.includes(Number(key));
    const fields = isMessage ? fieldsOf(Number(key), direction as Direction) : new Map();
    return Object.keys(marks)
      .filter((path) => !fields.has(path))
      .map((path) => `${message} ${path}`);
  });
}

describe("marks set by hand", () => {
  it("name fields that exist, each of them", () => {
    expect(dangling(BY_PATH)).toEqual([]);
    expect(Object.values(BY_PATH).flatMap((marks) => Object.keys(marks)).length).toBeGreaterThan(
      25,
    );
  });

  it("would be found out with a wrong path, a wrong direction or a wrong key", () => {
    const { partition } = Mark;
    expect(
      dangling({
        "0 request": { "topicData.partitionData.index": partition, "topicData.index": partition },
        "0 response": { "topicData.partitionData.index": partition },
        "0 answer": { acks: partition },
        "999 request": { key: partition },
      }),
    ).toEqual([
      "0 request topicData.index",
      "0 response topicData.partitionData.index",
      "0 answer acks",
      "999 request key",
    ]);
  });

  it("by name alone match a field of that name and type in some message", () => {
    const known = new Set(everyField.map(({ field }) => `${field.name} ${field.type}`));
    const unused = Object.entries(BY_NAME).filter(
      ([name, [type]]) => !known.has(`${name} ${type}`),
    );
    expect(unused).toEqual([]);
  });
});

describe("a string that names something", () => {
  const suspicious = /topic|group|transactionalId|resource|principal|host|rack|user|clusterId/i;
  const harmless: Readonly<Record<string, string>> = {
    groupState: "a word of Kafka's",
    groupType: "a word of Kafka's",
    groupInstanceId: "a member's own name, inside a group that is prefixed",
    rackId: "where the client says that it is; never a broker's",
    hostFilter: "an address pattern in ACL filters",
    principalType: "a word of Kafka's",
    ownerPrincipalType: "a word of Kafka's",
    tokenRequesterPrincipalType: "a word of Kafka's",
  };

  it("carries a mark or is known to be harmless, so that a new Kafka version brings no surprise", () => {
    const unmarked = everyField.filter(
      ({ apiKey, direction, path, field }) =>
        field.type === "string" &&
        suspicious.test(field.name) &&
        markOf(apiKey, direction, path, field) === Mark.none,
    );
    const surprises = unmarked
      .filter(({ field }) => !Object.hasOwn(harmless, field.name))
      .map(({ apiKey, direction, path }) => `${apiName(apiKey)} ${direction} ${path}`);
    expect(surprises).toEqual([]);
    expect([...new Set(unmarked.map(({ field }) => field.name))].sort()).toEqual(
      Object.keys(harmless).sort(),
    );
  });
});
