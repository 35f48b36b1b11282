// `headgate`: the one place that reads the environment and the process; commands get a Context.
import { homedir } from "node:os";
import { join } from "node:path";
import { AppError } from "@headgate/core/errors";
import { version } from "@headgate/core/version";
import { Command, CommanderError } from "commander";
import { apiCommand } from "./commands/api.ts";
import { consumeCommand } from "./commands/consume.ts";
import { devCommand } from "./commands/dev.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { keyCommand } from "./commands/key.ts";
import { produceCommand } from "./commands/produce.ts";
import { topicCommand } from "./commands/topic.ts";
import { usageCommand } from "./commands/usage.ts";
import { type Context, type Environment, type GlobalFlags, resolveProfile } from "./context.ts";
import { exitCodes, Failure } from "./failure.ts";

const { env } = process;
const configHome = env.XDG_CONFIG_HOME ?? join(homedir(), ".config");
const cacheHome = env.XDG_CACHE_HOME ?? join(homedir(), ".cache");

const environment: Environment = {
  profileFile: env.HEADGATE_PROFILE_FILE ?? join(configHome, "headgate", "profiles.json"),
  profileName: env.HEADGATE_PROFILE ?? "default",
  cacheDir: env.HEADGATE_CACHE_DIR ?? join(cacheHome, "headgate"),
  javaHome: env.JAVA_HOME,
  kafkaHome: env.HEADGATE_KAFKA_HOME,
  path: env.PATH ?? "",
  startedByNpm: env.npm_lifecycle_event !== undefined,
  terminal: process.stdout.isTTY === true,
  colour: process.stdout.isTTY === true && env.NO_COLOR === undefined,
};

const program = new Command("headgate")
  .description("Serverless Kafka: topics, keys and a bill that can be recounted")
  .version(version)
  .option("-o, --output <table|json|yaml>", "how to print data", "table")
  .option("--profile <name>", "profile to use")
  .option("--api <url>", "REST address")
  .option("--bootstrap <host:port>", "Kafka address")
  .option("--cluster <name>", "cluster")
  .option("--key <id:secret>", "API key", env.HEADGATE_KEY)
  .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  .exitOverride();

const flags = () => program.opts<GlobalFlags>();
const context: Context = {
  env: environment,
  flags,
  out: {
    get format() {
      return flags().output;
    },
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
  },
  profile: () => resolveProfile(environment, flags()),
};

for (const command of [
  devCommand(context),
  topicCommand(context),
  keyCommand(context),
  produceCommand(context, process.stdin),
  consumeCommand(context),
  usageCommand(context),
  apiCommand(context),
  doctorCommand(context),
]) {
  program.addCommand(inheritExit(command));
}

program.hook("preAction", () => {
  const { output } = flags();
  if (["table", "json", "yaml"].includes(output)) return;
  throw new Failure(`-o is table, json or yaml, not '${output}'.`, { exitCode: exitCodes.usage });
});

// kafkajs arms timers with negative delays; the warning would land between a user's records.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (!["TimeoutNegativeWarning", "ExperimentalWarning"].includes(warning.name)) {
    process.stderr.write(`${warning.name}: ${warning.message}\n`);
  }
});

try {
  await program.parseAsync();
  // kafkajs keeps a timer; a finished command is finished.
  process.exit(0);
} catch (error) {
  process.exit(report(error));
}

/** Says on stderr what failed and how to mend it; answers the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  const lines: string[] = [];
  let exitCode: number = exitCodes.error;
  if (error instanceof Failure) {
    exitCode = error.exitCode;
    lines.push(error.message);
    if (error.fix) lines.push(`Fix: ${error.fix}`);
    if (error.requestId) lines.push(`Request: ${error.requestId}`);
  } else if (error instanceof AppError) {
    lines.push(error.message, `Fix: ${error.fix}`);
    // A defect of ours: whoever runs this wants to see it, or to send it.
    if (error.code === "internal") lines.push(stackOf(error.cause ?? error));
  } else {
    lines.push(stackOf(error));
  }
  process.stderr.write(`${lines.join("\n")}\n`);
  return exitCode;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function inheritExit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) inheritExit(child);
  return command;
}
