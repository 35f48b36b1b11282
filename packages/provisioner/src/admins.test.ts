import { AppError } from "@headgate/core/errors";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { kafkaAdmin } from "@headgate/kafka/admin";
import { expect, inject, test } from "vitest";
import { cachedAdmins } from "./admins.ts";

const cell = "ce_0000000000000001";
const unavailable = expect.objectContaining({ code: "cell.unavailable" });

function realAdmin(): KafkaAdmin {
  const { bootstrap, adminUsername: username, adminPassword: password } = inject("kafka");
  return kafkaAdmin({ bootstrap, sasl: { mechanism: "PLAIN", username, password } });
}

test("everybody gets one connection; renewed, they get another and the old one is closed", async () => {
  const admins = cachedAdmins(async () => realAdmin());
  const [one, two] = await Promise.all([admins.of(cell), admins.of(cell)]);
  expect(one).toBe(two);
  expect((await one.describeCluster()).brokers).toHaveLength(1);
  admins.renew(cell);
  const renewed = await admins.of(cell);
  expect(renewed).not.toBe(one);
  expect((await renewed.describeCluster()).brokers).toHaveLength(1);
  await expect(one.describeCluster()).rejects.toThrow(/closed/);
  admins.close();
});

test("a cell that was off is asked again by the next call, and by nobody twice at once", async () => {
  let opened = 0;
  const admins = cachedAdmins(async () => {
    opened += 1;
    if (opened === 1) throw new AppError("cell.unavailable");
    return realAdmin();
  });
  const both = await Promise.allSettled([admins.of(cell), admins.of(cell)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(opened).toBe(1);
  await admins.of(cell);
  expect(opened).toBe(2);
  admins.close();
});

test("a connection that failed late does not take its successor away", async () => {
  const failing = Promise.withResolvers<KafkaAdmin>();
  const opens = [() => failing.promise, async () => realAdmin()];
  const admins = cachedAdmins(() => opens.shift()!());
  const first = admins.of(cell);
  admins.renew(cell);
  const second = await admins.of(cell);
  failing.reject(new AppError("cell.unavailable"));
  await expect(first).rejects.toThrow(unavailable);
  expect(await admins.of(cell)).toBe(second);
  admins.close();
});

test("after closing nothing opens, and what was still opening is closed as well", async () => {
  const opening = Promise.withResolvers<KafkaAdmin>();
  const admins = cachedAdmins(() => opening.promise);
  const late = admins.of(cell);
  await Promise.resolve();
  admins.close();
  opening.resolve(realAdmin());
  await expect((await late).describeCluster()).rejects.toThrow(/closed/);
  await expect(admins.of(cell)).rejects.toThrow(unavailable);
});
