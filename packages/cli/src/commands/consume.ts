import { randomUUID } from "node:crypto";
import { Command } from "commander";
import type { EachMessagePayload, Kafka } from "kafkajs";
import type { Context } from "../context.ts";
import { exitCodes, Failure } from "../failure.ts";
import { kafkaOf, toFailure } from "../kafka.ts";
import type { Output } from "../output.ts";
import { wholeNumber } from "./topic.ts";

interface ConsumeFlags {
  readonly group?: string;
  readonly from: string;
  readonly max?: number;
}

/** `headgate consume TOPIC`: prints values as they come, until Ctrl-C or --max. */
export function consumeCommand(context: Context): Command {
  return new Command("consume")
    .description("Read records and print them, until Ctrl-C")
    .argument("<topic>")
    .option(
      "-g, --group <id>",
      "join this consumer group; without it nothing is committed for later",
    )
    .option("--from <start|end>", "where to begin when the group has no position", "end")
    .option("-n, --max <n>", "stop after so many records", wholeNumber)
    .action(async (topic: string, flags: ConsumeFlags) => {
      if (flags.from !== "start" && flags.from !== "end") {
        throw new Failure(`--from is start or end, not '${flags.from}'.`, {
          exitCode: exitCodes.usage,
        });
      }
      const profile = context.profile();
      try {
        await consume(context.out, kafkaOf(profile), topic, flags);
      } catch (error) {
        throw toFailure(error, profile, topic);
      }
    });
}

async function consume(
  out: Output,
  kafka: Kafka,
  topic: string,
  flags: ConsumeFlags,
): Promise<void> {
  const groupId = flags.group ?? `headgate-cli-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
  let printed = 0;
  const ended = new Promise<void>((resolve, reject) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const run = async () => {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: flags.from === "start" });
      await consumer.run({
        eachMessage: async (message) => {
          if (flags.max !== undefined && printed >= flags.max) return;
          printed += 1;
          out.stdout(format(out, message));
          if (printed === flags.max) resolve();
        },
      });
    };
    run().catch(reject);
  });
  try {
    await ended;
  } finally {
    await consumer.disconnect();
    if (flags.group === undefined) await forget(kafka, groupId);
  }
  out.stderr(`${printed} read from ${topic}.\n`);
}

/** Deletes the throw-away group, so that looking leaves nothing behind. */
async function forget(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteGroups([groupId]).catch(() => undefined);
  await admin.disconnect();
}

function format(out: Output, { topic, partition, message }: EachMessagePayload): string {
  const value = message.value?.toString() ?? "";
  if (out.format === "table") return `${value}\n`;
  const key = message.key?.toString();
  return `${JSON.stringify({ topic, partition, offset: message.offset, key, value })}\n`;
}
