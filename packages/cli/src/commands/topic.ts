import type { Topic } from "@headgate/core/topic";
import { Command } from "commander";
import type { Context } from "../context.ts";
import { exitCodes, Failure } from "../failure.ts";
import { list, request } from "../http.ts";
import { type Column, printRows, printValue } from "../output.ts";

const columns: Column<Topic>[] = [
  ["name", (topic) => topic.name],
  ["partitions", (topic) => topic.spec.partitions],
  ["phase", (topic) => topic.status.phase],
  ["created", (topic) => topic.createdAt],
];

/** `headgate topic list|get|create|delete`. */
export function topicCommand(context: Context): Command {
  const topics = () => `/v1/clusters/${context.profile().cluster}/topics`;
  const path = (name: string) => `${topics()}/${encodeURIComponent(name)}`;
  const command = new Command("topic").description("Create, look at and delete topics");

  command
    .command("list")
    .description("All topics of the cluster")
    .action(async () =>
      printRows(context.out, await list<Topic>(context.profile(), topics()), columns),
    );

  command
    .command("get <name>")
    .description("One topic, whole")
    .action(async (name: string) => {
      printValue(context.out, (await request(context.profile(), "GET", path(name))).body);
    });

  command
    .command("create <name>")
    .description("Create a topic and wait until it can be used")
    .option("-p, --partitions <n>", "number of partitions", wholeNumber)
    .option("-c, --config <key=value...>", "topic setting, for example retention.ms=86400000")
    .option("--protected", "refuse deletion until unprotected")
    .action(async (name: string, flags: CreateFlags) => {
      const { body } = await request(context.profile(), "PUT", path(name), {
        headers: { prefer: "wait=10", "if-none-match": "*" },
        body: { spec: specOf(flags) },
      });
      printRows(context.out, [body as Topic], columns);
    });

  command
    .command("delete <name>")
    .description("Delete a topic and every record in it")
    .requiredOption("--yes", "yes, delete its records for ever")
    .action(async (name: string) => {
      const { headers } = await request(context.profile(), "GET", path(name));
      await request(context.profile(), "DELETE", path(name), {
        headers: { "if-match": headers.get("etag") ?? "*", prefer: "wait=10" },
      });
      context.out.stderr(`Topic ${name} is deleted.\n`);
    });
  return command;
}

interface CreateFlags {
  readonly partitions?: number;
  readonly config?: string[];
  readonly protected?: boolean;
}

function specOf(flags: CreateFlags): Record<string, unknown> {
  return {
    ...(flags.partitions === undefined ? {} : { partitions: flags.partitions }),
    ...(flags.config === undefined
      ? {}
      : { config: Object.fromEntries(flags.config.map(setting)) }),
    ...(flags.protected === undefined ? {} : { protected: flags.protected }),
  };
}

function setting(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new Failure(`'${text}' is not key=value.`, { exitCode: exitCodes.usage });
}

export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Failure(`'${text}' is not a whole number.`, { exitCode: exitCodes.usage });
}
