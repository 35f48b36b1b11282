// What the gateway has counted, as metering would read it.
import { usage } from "@headgate/store/usage";
import type { Tenant, World } from "./world.ts";

const ever = { from: "2000-01-01T00", before: "2999-01-01T00" };

export interface Counted {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requests: number;
}

/** Everything counted for a tenant up to now, by all writers. */
export async function counted(world: World, { tenant, cluster }: Tenant): Promise<Counted> {
  await world.gateway.flush();
  const windows = await usage(world.control.store).windows(tenant, cluster, ever);
  const sum = (name: keyof Counted) =>
    windows.reduce((total, window) => total + Number(window.totals[name]), 0);
  return {
    recordsIn: sum("recordsIn"),
    recordsOut: sum("recordsOut"),
    bytesIn: sum("bytesIn"),
    bytesOut: sum("bytesOut"),
    requests: sum("requests"),
  };
}

/** What was counted per topic, account and client. */
export async function attributed(world: World, { tenant, cluster }: Tenant) {
  await world.gateway.flush();
  const chunks = await usage(world.control.store).attribution(tenant, cluster, ever);
  return chunks.flatMap((chunk) => chunk.rows);
}

/** How many records the log of a topic took, partitions together. */
export async function logged(world: World, { prefix }: Tenant, topic: string): Promise<number> {
  const name = `${prefix}${topic}`;
  const [described] = await world.admin.metadata({ names: [name] });
  const ends = await world.admin.listOffsets(
    (described?.partitions ?? []).map(({ partition }) => ({
      topic: name,
      partition,
      at: "latest" as const,
    })),
  );
  return ends.reduce((total, { offset }) => total + Number(offset), 0);
}
