import type { Readable } from "node:stream";
import { Command } from "commander";
import type { Message, Producer } from "kafkajs";
import type { Context } from "../context.ts";
import { kafkaOf, toFailure } from "../kafka.ts";

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
        const batches = values.length > 0 ? [values] : linesOf(stdin);
        const written = await produceBatches(producer, topic, batches, flags.keySeparator);
        context.out.stderr(`${written} written to ${topic}.\n`);
      } catch (error) {
        throw toFailure(error, profile, topic);
      } finally {
        await producer.disconnect();
      }
    });
}

/** Each batch is acknowledged before the next; answers how many records were. */
async function produceBatches(
  producer: Producer,
  topic: string,
  batches: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  separator: string | undefined,
): Promise<number> {
  let written = 0;
  for await (const lines of batches) {
    if (lines.length === 0) continue;
    const messages = lines.map((line) => toMessage(line, separator));
    await producer.send({ topic, acks: -1, messages });
    written += messages.length;
  }
  return written;
}

/** Lines as they arrive: what is typed goes out at each Return, a file goes out in pieces of 64 KiB. */
async function* linesOf(stdin: Readable): AsyncGenerator<readonly string[]> {
  let rest = "";
  for await (const chunk of stdin.setEncoding("utf8")) {
    const lines = (rest + String(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield lines;
  }
  if (rest !== "") yield [rest];
}

function toMessage(line: string, separator: string | undefined): Message {
  const at = separator === undefined ? -1 : line.indexOf(separator);
  return at < 0
    ? { value: line }
    : { key: line.slice(0, at), value: line.slice(at + separator!.length) };
}
