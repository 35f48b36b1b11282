// Matching an answer's partitions to a request's.
import fc from "fast-check";
import { expect, test } from "vitest";
import { AskedPartitions } from "./asked-partitions.ts";

const topics = ["a", "b", "c"].map((name) => ({ name, id: name }));

test("each partition is found, few or many, and of a repeated one the last, as a broker takes it", () => {
  const asked = fc.record({ topic: fc.nat(2), partition: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), (list) => {
      const table = new AskedPartitions();
      for (const { topic, partition } of list) table.add(topics[topic]!, partition);
      for (let topic = 0; topic < 3; topic++)
        for (let partition = 0; partition <= 21; partition++)
          expect(table.find(topics[topic]!, partition)).toBe(
            list.findLastIndex((each) => each.topic === topic && each.partition === partition),
          );
    }),
    { seed: 1 },
  );
});

test.each([1, 40])(
  "a topic learned anew meanwhile is still the one asked for, among %i",
  (count) => {
    const table = new AskedPartitions();
    for (let i = 0; i < count; i++) table.add({ name: "t", id: "old" }, i);
    expect(table.find({ name: "t", id: "new" }, count - 1)).toBe(count - 1);
    expect(table.topicById("old")?.name).toBe("t");
    expect(table.topicById("new")).toBeUndefined();
  },
);

test("ten thousand partitions in the worst order cost no square of it", () => {
  const table = new AskedPartitions();
  const size = 10_000;
  for (let i = 0; i < size; i++) table.add(topics[i % 3]!, i);
  for (let i = size - 1; i >= 0; i--) expect(table.find(topics[i % 3]!, i)).toBe(i);
});
