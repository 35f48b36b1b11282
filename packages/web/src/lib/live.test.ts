import { expect, test } from "vitest";
import { staleAfter } from "./live.ts";

const after = (data: string) => staleAfter({ event: "change", data });

test("each kind of change makes what shows it stale, and nothing else", () => {
  expect(after('{"kind":"usage","action":"count"}')).toEqual(["usage", "invoice"]);
  expect(after('{"kind":"topic","action":"write","name":"orders"}')).toEqual(["topics"]);
  expect(after('{"kind":"api-key","action":"write"}')).toEqual(["accounts"]);
  expect(after('{"kind":"service-account","action":"write"}')).toEqual(["accounts", "whoami"]);
  expect(after('{"kind":"cluster","action":"status"}')).toEqual(["cluster"]);
  expect(after('{"kind":"group","action":"write"}')).toEqual([]);
});

test("an event that is not understood is passed over", () => {
  for (const data of ["", "{", "null", "7", '{"kind":7}', '{"kind":"toString"}', "[]"]) {
    expect(after(data)).toEqual([]);
  }
});
