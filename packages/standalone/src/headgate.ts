// All of Headgate in one process: store and gateway each on a thread of its own, an embedded Kafka beside it, the rest
// on this thread. Whatever takes its time runs at once with what does not need it; what was started is stopped in
// reverse.
import { join, resolve } from "node:path";
import { groupsOverKafka } from "@headgate/api/groups-over-kafka";
import { serveApi } from "@headgate/api/serve";
import { getCluster } from "@headgate/control/cluster-reads";
import type { Control } from "@headgate/control/control";
import type { NewTenant } from "@headgate/control/tenants";
import type { TokenSigner } from "@headgate/control/tokens";
import { waitReady } from "@headgate/control/wait";
import { AppError } from "@headgate/core/errors";
import { base32, type CellId } from "@headgate/core/ids";
import { version } from "@headgate/core/version";
import { type GatewayThread, startGatewayThread } from "@headgate/gateway/start-worker";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { startMetering } from "@headgate/metering/start-metering";
import type { CellDriver } from "@headgate/provisioner/drivers/driver";
import { embeddedDriver } from "@headgate/provisioner/drivers/embedded";
import { type Provisioner, startProvisioner } from "@headgate/provisioner/provisioner";
import { processSignal } from "@headgate/store/signal";
import { systemClock, systemRandom } from "@headgate/store/system";
import { type StoreThread, startStoreThread } from "@headgate/store/thread";
import { buildPortal } from "@headgate/web/build";
import { type Closers, closers } from "./closers.ts";
import { openDataDir } from "./open-data-dir.ts";
import { ensureOwner } from "./owner.ts";
import { ensureSigningKey, type SigningKey } from "./signing-key.ts";
import { together } from "./together.ts";

export interface HeadgateOptions {
  readonly dataDir: string;
  /** Where Kafka's jars are kept between data directories. */
  readonly cacheDir: string;
  /** Address every listener binds. */
  readonly host: string;
  /** Host name that clients are told to connect to. */
  readonly advertisedHost: string;
  /** 0 means any free one. */
  readonly apiPort: number;
  /** The bootstrap port; the ports right after it lead to the brokers. 0 means any free run. */
  readonly kafkaPort: number;
  /** PATH, JAVA_HOME and HEADGATE_KAFKA_HOME. */
  readonly path: string;
  readonly javaHome?: string | undefined;
  readonly kafkaHome?: string | undefined;
  readonly onProgress: (message: string) => void;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
  /** Gives up a start that is under way. */
  readonly signal: AbortSignal;
}

export interface Headgate {
  /** `http://host:port` of REST API and portal. */
  readonly api: string;
  /** `host:port` for Kafka clients. */
  readonly bootstrap: string;
  readonly owner: NewTenant;
  /** Settles with the reason when a part died and the rest should be stopped. */
  readonly died: Promise<Error>;
  /** Stops everything, in order. Safe to call twice. */
  close(): Promise<void>;
}

const flushMs = 1000;
const readyMs = 60_000;

/**
 * Resolves when the owner's default cluster is Ready. Throws AppError `env.*`, `kafka.start_failed`; nothing is left.
 */
export async function startHeadgate(options: HeadgateOptions): Promise<Headgate> {
  const stack = closers();
  const close = once(() =>
    stack.closeAll((name, error) => options.log("could not stop", { name, error: String(error) })),
  );
  try {
    return { ...(await start(options, stack)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: HeadgateOptions, stack: Closers): Promise<Omit<Headgate, "close">> {
  const ground = await openGround(options, stack);
  const { control, at, signing } = ground;
  const stopping = new AbortController();
  const cell = Promise.withResolvers<Provisioner>();
  const admins = async (id: CellId) => (await cell.promise).admins(id);
  // The API answers as soon as it listens; what needs Kafka waits until Kafka is there.
  const doors = openDoors(options, ground, stack, admins);
  const advertised = doors.then((open) => open.advertised);
  // Told by `together` below.
  for (const waited of [advertised, cell.promise]) waited.catch(() => undefined);

  const driver = embeddedCells(options, ground);
  stack.add("Kafka", driver.close);
  stack.add("start", () => stopping.abort());
  const provisioning = startProvisioner({
    control,
    drivers: [driver],
    advertised,
    tokenSigner: signing.signer,
    alone: true,
    onProgress: options.onProgress,
    signal: AbortSignal.any([options.signal, stopping.signal]),
  }).then((provisioner) => {
    stack.add("provisioner", provisioner.close);
    cell.resolve(provisioner);
  });
  provisioning.catch(cell.reject);
  const [{ api, bootstrap, gatewayEnded }, owner] = await together(
    [doors, ensureOwner(control, at("owner-key.json")), provisioning],
    () => stopping.abort(),
  );

  const metering = startMetering({ control, admins });
  stack.add("metering", metering.close);
  options.onProgress("Preparing the default cluster");
  await defaultClusterReady(control, owner);
  const died = firstDeath({ store: ground.storeThread.ended, gateway: gatewayEnded });
  return { api, bootstrap, owner, died };
}

/** The gateway, then the API, which says where the gateway is. */
async function openDoors(
  options: HeadgateOptions,
  ground: Ground,
  stack: Closers,
  admins: (cell: CellId) => Promise<KafkaAdmin>,
) {
  const gateway = await openGateway(options, ground);
  stack.addDoor("gateway", gateway.close);
  const advertised = { host: options.advertisedHost, port: gateway.port };
  const bootstrap = `${advertised.host}:${advertised.port}`;
  const api = await openApi(options, ground, admins, bootstrap);
  stack.addDoor("API", api.close);
  return { advertised, bootstrap, api: api.url, gatewayEnded: gateway.ended };
}

/** What everything else stands on. */
interface Ground {
  readonly control: Control;
  readonly storeThread: StoreThread;
  readonly signalName: string;
  readonly signing: { readonly key: SigningKey; readonly signer: TokenSigner };
  readonly portalDir: string;
  /** A path in the data directory. */
  readonly at: (name: string) => string;
}

async function openGround(options: HeadgateOptions, stack: Closers): Promise<Ground> {
  const dir = resolve(options.dataDir);
  const at = (name: string) => join(dir, name);
  const lock = await openDataDir(dir, options.signal);
  stack.add("data directory", lock.release);
  const signalName = base32(systemRandom, 16);
  const signal = processSignal(signalName);
  stack.add("signals", signal.close);
  const [storeThread, signing, portal] = await together([
    startStoreThread({ path: at("store.sqlite") }).then((thread) => {
      stack.add("store", thread.close);
      return thread;
    }),
    ensureSigningKey({ key: at("signing-key.pem"), jwks: at("jwks.json") }, systemClock),
    buildPortal({ onProgress: options.onProgress }),
  ]);
  const { store } = storeThread;
  const { log } = options;
  const control: Control = { store, signal, clock: systemClock, random: systemRandom, log };
  return { control, storeThread, signalName, signing, portalDir: portal.dir, at };
}

function openGateway(options: HeadgateOptions, ground: Ground): Promise<GatewayThread> {
  return startGatewayThread(
    {
      storePort: ground.storeThread.connect(),
      signalName: ground.signalName,
      tokens: ground.signing.key,
      listen: { host: options.host, port: options.kafkaPort },
      advertisedHost: options.advertisedHost,
      writerId: base32(systemRandom, 16),
      flushMs,
    },
    options.log,
  );
}

async function openApi(
  { host, advertisedHost, apiPort }: HeadgateOptions,
  { control, portalDir }: Ground,
  admins: (cell: CellId) => Promise<KafkaAdmin>,
  bootstrap: string,
) {
  const address = { url: "" };
  const groups = groupsOverKafka({ admins });
  const publicAddresses = () => ({ api: address.url, bootstrap });
  const { port, close } = await serveApi(
    { control, version, portalDir, groups, publicAddresses },
    { host, port: apiPort },
  );
  address.url = `http://${urlHost(advertisedHost)}:${port}`;
  return { url: address.url, close };
}

function embeddedCells(
  { cacheDir, path, javaHome, kafkaHome }: HeadgateOptions,
  { at, signing }: Ground,
): CellDriver {
  const { issuer, audience } = signing.key;
  return embeddedDriver({
    cacheDir,
    path,
    javaHome,
    kafkaHome,
    tokens: { jwksPath: at("jwks.json"), issuer, audience },
    dataDirOf: () => at("kafka"),
  });
}

async function defaultClusterReady(
  control: Control,
  { tenant, cluster }: NewTenant,
): Promise<void> {
  const { name, id } = cluster;
  const read = () => getCluster(control, { tenant: tenant.id }, name);
  const ready = await waitReady(control, read, cluster.generation, readyMs, `cluster:${id}`);
  if (ready.status.phase === "Ready") return;
  const why = ready.status.conditions.map(({ message }) => message).join(" ");
  throw new AppError("kafka.start_failed", { detail: `The default cluster is not ready. ${why}` });
}

/** The first thread that ends without having been asked to. */
function firstDeath(threads: Record<string, Promise<Error | undefined>>): Promise<Error> {
  return new Promise((resolve) => {
    for (const [name, ended] of Object.entries(threads)) {
      void ended.then((error) => {
        if (error)
          resolve(new Error(`the ${name} thread died: ${error.message}`, { cause: error }));
      });
    }
  });
}

const urlHost = (host: string) => (host.includes(":") ? `[${host}]` : host);

function once<T>(fn: () => T): () => T {
  let result: { value: T } | undefined;
  return () => {
    result ??= { value: fn() };
    return result.value;
  };
}
