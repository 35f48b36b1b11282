import { resolve } from "node:path";
import { AppError } from "@headgate/core/errors";
import type { Headgate } from "@headgate/standalone/headgate";
import { Command } from "commander";
import { colours } from "../colour.ts";
import type { Context, Environment } from "../context.ts";
import { exitCodes, Failure } from "../failure.ts";
import { writeLocalProfile } from "../profile.ts";
import { progress } from "../progress.ts";
import { welcome } from "../welcome.ts";
import { wholeNumber } from "./topic.ts";

interface DevFlags {
  readonly data: string;
  readonly apiPort: number;
  readonly kafkaPort: number;
  readonly listen: string;
  readonly advertise?: string;
  readonly json?: boolean;
}

/** Everything must have stopped within 10 s of the signal; a broker that is still there is ended by its watchdog. */
const stopMs = 9000;
const parentLookMs = 250;

/** `headgate dev`: all of Headgate on this machine until Ctrl-C. `npm start` runs it. */
export function devCommand(context: Context): Command {
  return new Command("dev")
    .description("Run all of Headgate on this machine, with an embedded Kafka")
    .option("--data <dir>", "where everything is kept", ".headgate")
    .option(
      "--api-port <n>",
      "port of the REST API and the portal; 0 is any free one",
      wholeNumber,
      8080,
    )
    .option("--kafka-port <n>", "first of five Kafka ports; 0 is any free ones", wholeNumber, 9092)
    .option("--listen <address>", "address to listen on", "127.0.0.1")
    .option("--advertise <host>", "host name clients reach it by (default: --listen)")
    .option("--json", "print one line of JSON on stdout when ready, the rest on stderr")
    .action((flags: DevFlags) => dev(context, flags));
}

async function dev(context: Context, flags: DevFlags): Promise<void> {
  checkPorts(flags);
  const stop = new AbortController();
  const asked = untilAskedToStop(context.env, stop);
  const headgate = await start(context, flags, stop.signal);
  if (headgate === undefined) return;
  announce(context, flags, headgate);
  const death = await Promise.race([asked, headgate.died]);
  context.out.stderr("\nStopping\n");
  await stopWithin(headgate);
  if (death) throw death;
}

/** Undefined when it was asked to stop before it had started. */
async function start(
  context: Context,
  flags: DevFlags,
  signal: AbortSignal,
): Promise<Headgate | undefined> {
  const { env, out } = context;
  const steps = progress(out.stderr, env.terminal && flags.json !== true);
  try {
    // Loaded here: the other commands need none of it, and start in a tenth of the time.
    const { startHeadgate } = await import("@headgate/standalone/headgate");
    return await startHeadgate({
      dataDir: flags.data,
      cacheDir: env.cacheDir,
      host: flags.listen,
      advertisedHost: advertised(flags),
      apiPort: flags.apiPort,
      kafkaPort: flags.kafkaPort,
      path: env.path,
      javaHome: env.javaHome,
      kafkaHome: env.kafkaHome,
      onProgress: steps.step,
      log: (message, fields) => out.stderr(`${message} ${JSON.stringify(fields)}\n`),
      signal,
    });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    steps.end();
  }
}

function announce({ env, out }: Context, flags: DevFlags, headgate: Headgate): void {
  const { api, bootstrap, owner } = headgate;
  const { id, secret } = owner.key;
  const key = { id, secret };
  const cluster = owner.cluster.name;
  const problem = writeLocalProfile(env.profileFile, { api, bootstrap, cluster, key });
  if (problem) out.stderr(`${problem}\n`);
  if (flags.json) {
    const tenant = owner.tenant.id;
    const ready = { ready: true, api, bootstrap, portal: `${api}/`, tenant, cluster, key };
    out.stdout(`${JSON.stringify(ready)}\n`);
    return;
  }
  const ownerKeyFile = resolve(flags.data, "owner-key.json");
  const shown = { api, bootstrap, portal: api, cluster, key, ownerKeyFile };
  out.stdout(welcome({ ...shown, secretShown: env.terminal }, colours(env.colour)));
}

function checkPorts({ apiPort, kafkaPort }: DevFlags): void {
  for (const port of [apiPort, kafkaPort]) {
    if (port <= 65_535) continue;
    throw new Failure(`${port} is not a port.`, { exitCode: exitCodes.usage });
  }
}

function advertised({ listen, advertise }: DevFlags): string {
  if (advertise !== undefined) return advertise;
  if (listen !== "0.0.0.0" && listen !== "::") return listen;
  throw new Failure(`Clients cannot connect to ${listen}.`, {
    exitCode: exitCodes.usage,
    fix: "Say by which name they reach this machine: --advertise HOST.",
  });
}

/** Settles at the first SIGINT or SIGTERM, or when npm, which passes those on, has died itself. A second one exits. */
function untilAskedToStop(env: Environment, stop: AbortController): Promise<void> {
  return new Promise((done) => {
    const ask = () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
      done();
    };
    process.on("SIGINT", ask);
    process.on("SIGTERM", ask);
    if (!env.startedByNpm) return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !stop.signal.aborted) ask();
    }, parentLookMs).unref();
  });
}

async function stopWithin(headgate: Headgate): Promise<void> {
  const late = new AppError("internal", { detail: `Not everything stopped within ${stopMs} ms.` });
  const timeOut = new Promise((_, reject) => setTimeout(reject, stopMs, late).unref());
  await Promise.race([headgate.close(), timeOut]);
}
