// What is remembered of keys, and how soon it is forgotten.
import type { Binding } from "@headgate/core/binding";
import { beforeEach, describe, expect, test } from "vitest";
import { testBinding } from "../test/session.ts";
import { type Bindings, createBindings } from "./bindings.ts";

type Load = PromiseWithResolvers<Binding | undefined> & { readonly key: string };
let loads: Load[];
let bindings: Bindings;

beforeEach(() => {
  loads = [];
  bindings = createBindings((key) => {
    const load = { key, ...Promise.withResolvers<Binding | undefined>() };
    loads.push(load);
    return load.promise;
  });
});

const binding = (key: string) => testBinding(undefined, {}, { apiKey: key as Binding["apiKey"] });
const any = () => true;

test("a key is loaded once for all who ask at the same time, and once for all who ask later", async () => {
  const asked = [bindings.get("k"), bindings.get("k")];
  expect(loads).toHaveLength(1);
  const loaded = binding("k");
  loads[0]!.resolve(loaded);
  expect(await Promise.all(asked)).toEqual([loaded, loaded]);
  expect(await bindings.get("k")).toBe(loaded);
  expect(loads).toHaveLength(1);
  expect(bindings.isCurrent(loaded)).toBe(true);
});

test("an unknown key is asked for again each time", async () => {
  for (let i = 1; i <= 2; i++) {
    const asked = bindings.get("k");
    loads.at(-1)!.resolve(undefined);
    expect(await asked).toBeUndefined();
    expect(loads).toHaveLength(i);
  }
});

test("a load that failed fails those who waited, and is tried again by the next", async () => {
  const asked = bindings.get("k");
  loads[0]!.reject(new Error("store"));
  await expect(asked).rejects.toThrow("store");
  const again = bindings.get("k");
  loads[1]!.resolve(binding("k"));
  expect(await again).toBeDefined();
});

describe("a change", () => {
  test("makes the next one load again, and leaves others alone", async () => {
    const asked = [bindings.get("k"), bindings.get("l")];
    for (const load of loads) load.resolve(binding(load.key));
    const [k, l] = await Promise.all(asked);
    bindings.drop(({ apiKey }) => String(apiKey) === "k");
    expect([bindings.isCurrent(k!), bindings.isCurrent(l!)]).toEqual([false, true]);
    void bindings.get("l");
    expect(loads).toHaveLength(2);
    void bindings.get("k");
    expect(loads).toHaveLength(3);
  });

  test("during a load is not undone by it: what it brings is not kept, nor shared with those who ask later", async () => {
    const before = bindings.get("k");
    bindings.drop(any);
    const after = bindings.get("k");
    expect(loads).toHaveLength(2);
    const [stale, fresh] = [binding("k"), binding("k")];
    loads[1]!.resolve(fresh);
    expect(await after).toBe(fresh);
    loads[0]!.resolve(stale);
    expect(await before).toBe(stale);
    expect([bindings.isCurrent(stale), bindings.isCurrent(fresh)]).toEqual([false, true]);
  });

  test("of something else during a load costs nothing but a second load", async () => {
    const before = bindings.get("k");
    bindings.drop(({ apiKey }) => String(apiKey) === "l");
    const after = bindings.get("k");
    loads[0]!.resolve(binding("k"));
    loads[1]!.resolve(binding("k"));
    // Both are told the same one, so that both may go on with it.
    expect(await before).toBe(await after);
    expect(bindings.isCurrent((await before)!)).toBe(true);
  });
});

test("no more than ten thousand keys are kept, the oldest goes first", async () => {
  const ask = async (key: string) => {
    const asked = bindings.get(key);
    if (loads.length > 0) loads.pop()!.resolve(binding(key));
    return await asked;
  };
  const first = await ask("k0");
  for (let i = 1; i < 10_000; i++) await ask(`k${i}`);
  expect(bindings.isCurrent(first!)).toBe(true);
  await ask("k10000");
  expect(bindings.isCurrent(first!)).toBe(false);
});
