import { expect, test } from "vitest";
import { createEventParser } from "./sse.ts";

test("an event split anywhere between chunks arrives once and whole", () => {
  const stream = 'event: usage\r\ndata: {"a":1}\r\n\r\n: keep-alive\n\ndata: x\ndata: y\n\n';
  for (let cut = 0; cut <= stream.length; cut++) {
    const parse = createEventParser();
    const events = [...parse(stream.slice(0, cut)), ...parse(stream.slice(cut))];
    expect(events).toEqual([
      { event: "usage", data: '{"a":1}' },
      { event: "message", data: "x\ny" },
    ]);
  }
});

test("comments, unknown fields and empty events are passed over", () => {
  expect(createEventParser()("id: 7\nretry: 5\n: hello\n\nevent: only-a-name\n\n")).toEqual([]);
});
