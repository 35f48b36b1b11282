import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Command } from "commander";
import type { Message, Producer } from "kafkajs";
import type { Context } from "../context.ts";
import { kafkaOf, toFailure } from "../kafka.ts";

const batchRecords = 500;

/** `headgate produce TOPIC`: one record per line of standard input; acknowledged by all replicas. */
export function produceCommand(context: Context, stdin: Readable): Command {
  return new Command("produce")
    .description("Write records: one per line of standard input, or the values given")
    .argument("<topic>")
    .argument("[values...]")
    .option("-k, --key-separator <text>", "what stands between key and value in a line")
    .action(async (topic: string, values: string[], flags: { keySeparator?: string }) => {
      const profile = context.profile();
      const producer = kafkaOf(profile).producer();
      try {
        await producer.connect();
        const lines = values.length > 0 ? values : createInterface({ input: stdin });
        const written = await produceLines(producer, topic, lines, flags.keySeparator);
        context.out.stderr(`${written} written to ${topic}.\n`);
      } catch (error) {
        throw toFailure(error, profile, topic);
      } finally {
        await producer.disconnect();
      }
    });
}

async function produceLines(
  producer: Producer,
  topic: string,
  lines: AsyncIterable<string> | Iterable<string>,
  separator: string | undefined,
): Promise<number> {
  let written = 0;
  let batch: Message[] = [];
  const flush = async () => {
    if (batch.length > 0) await producer.send({ topic, acks: -1, messages: batch });
    written += batch.length;
    batch = [];
  };
  for await (const line of lines) {
    batch.push(toMessage(line, separator));
    if (batch.length === batchRecords) await flush();
  }
  await flush();
  return written;
}

function toMessage(line: string, separator: string | undefined): Message {
  const at = separator === undefined ? -1 : line.indexOf(separator);
  return at < 0
    ? { value: line }
    : { key: line.slice(0, at), value: line.slice(at + separator!.length) };
}
