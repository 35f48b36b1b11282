import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { Command } from "commander";
import type { Context } from "../context.ts";
import { Failure } from "../failure.ts";
import { reason, request } from "../http.ts";
import { kafkaOf } from "../kafka.ts";
import type { Profile } from "../profile.ts";

interface Check {
  readonly name: string;
  readonly run: (profile: Profile) => Promise<string>;
  readonly fix: string;
}

/** In the order a connection meets them: the first failure explains those after it. */
const checks: Check[] = [
  {
    name: "DNS",
    run: async (profile) => {
      const { address } = await lookup(hostOf(profile.bootstrap).host);
      return `${hostOf(profile.bootstrap).host} is ${address}`;
    },
    fix: "Check the bootstrap address in the profile, or your DNS.",
  },
  {
    name: "REST",
    run: async (profile) => {
      const response = await fetch(new URL("/readyz", profile.api));
      if (!response.ok) throw new Error(`/readyz answers ${response.status}`);
      return `${profile.api} is ready`;
    },
    fix: "Start Headgate with 'headgate dev', or check --api.",
  },
  {
    name: "key",
    run: async (profile) => {
      const { body } = await request(profile, "GET", "/v1/whoami");
      const who = body as { serviceAccount?: string | { name?: string } };
      const name =
        typeof who.serviceAccount === "object" ? who.serviceAccount.name : who.serviceAccount;
      return `${profile.key.id} is service account ${name ?? "?"}`;
    },
    fix: "Make a new key: headgate key create NAME, or in the portal under API keys.",
  },
  {
    name: "TCP",
    run: async (profile) => {
      await dial(hostOf(profile.bootstrap));
      return `${profile.bootstrap} accepts connections`;
    },
    fix: "Check that the Kafka port is reachable: firewall, --kafka-port, container port mapping.",
  },
  {
    name: "SASL and broker",
    run: async (profile) => {
      const admin = kafkaOf(profile).admin();
      try {
        await admin.connect();
        const { brokers } = await admin.describeCluster();
        return `signed in; ${brokers.length} broker address${brokers.length === 1 ? "" : "es"}`;
      } finally {
        await admin.disconnect();
      }
    },
    fix: "If the key works over REST and not here, its cluster may not be Ready: headgate api GET /v1/clusters.",
  },
  {
    name: "grants",
    run: async (profile) => {
      const admin = kafkaOf(profile).admin();
      try {
        await admin.connect();
        const topics = await admin.listTopics();
        return `${topics.length} topic${topics.length === 1 ? "" : "s"} visible`;
      } finally {
        await admin.disconnect();
      }
    },
    fix: "Give the service account a role or grants: headgate api PATCH /v1/service-accounts/NAME.",
  },
];

/** `headgate doctor`: each step of a connection, with the fix for the first that fails. */
export function doctorCommand(context: Context): Command {
  return new Command("doctor")
    .description("Check DNS, REST, key, TCP, SASL, broker and grants, each with its fix")
    .action(async () => {
      const profile = context.profile();
      for (const check of checks) {
        try {
          context.out.stdout(`ok    ${check.name}: ${await check.run(profile)}\n`);
        } catch (error) {
          context.out.stdout(`FAIL  ${check.name}: ${reason(error)}\n`);
          throw new Failure(`${check.name} failed.`, { fix: check.fix });
        }
      }
    });
}

function hostOf(bootstrap: string): { host: string; port: number } {
  const at = bootstrap.lastIndexOf(":");
  return { host: bootstrap.slice(0, at), port: Number(bootstrap.slice(at + 1)) };
}

function dial(address: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, timeout: 5_000 });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("timeout", () => {
      socket.destroy();
      reject(new Error("no answer within 5 s"));
    });
  });
}
