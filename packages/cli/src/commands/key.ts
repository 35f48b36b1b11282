import type { ApiKey, NewApiKey } from "@headgate/core/api-key";
import type { ServiceAccount } from "@headgate/core/service-account";
import { Command } from "commander";
import type { Context } from "../context.ts";
import { list, request } from "../http.ts";
import { type Column, printRows, printValue } from "../output.ts";

const columns: Column<ApiKey>[] = [
  ["id", (key) => key.id],
  ["service account", (key) => key.serviceAccount],
  ["created", (key) => key.createdAt],
  ["last used", (key) => key.lastUsedAt],
  ["revoked", (key) => key.revokedAt],
];

/** `headgate key list|create|revoke`: the keys of service accounts. */
export function keyCommand(context: Context): Command {
  const keys = (account: string) => `/v1/service-accounts/${encodeURIComponent(account)}/keys`;
  const command = new Command("key").description("Make, list and revoke API keys");

  command
    .command("list")
    .description("The keys of one service account, or of all")
    .option("-s, --service-account <name>", "only this one")
    .action(async (flags: { serviceAccount?: string }) => {
      const profile = context.profile();
      const accounts = flags.serviceAccount
        ? [flags.serviceAccount]
        : (await list<ServiceAccount>(profile, "/v1/service-accounts")).map(
            (account) => account.name,
          );
      const pages = await Promise.all(
        accounts.map((account) => list<ApiKey>(profile, keys(account))),
      );
      printRows(context.out, pages.flat(), columns);
    });

  command
    .command("create <service-account>")
    .description(
      "Make a key; its secret is shown this once. A new service account is made with the role",
    )
    .option(
      "--role <role>",
      "owner, developer, viewer or none, for a new service account",
      "developer",
    )
    .action(async (account: string, flags: { role: string }) => {
      const profile = context.profile();
      await ensureServiceAccount(context, account, flags.role);
      const { body } = await request(profile, "POST", keys(account), { body: {} });
      const key = body as NewApiKey;
      printValue(context.out, {
        id: key.id,
        secret: key.secret,
        serviceAccount: key.serviceAccount,
      });
      context.out.stderr("Keep the secret now: it is not stored and cannot be shown again.\n");
    });

  command
    .command("revoke <service-account> <id>")
    .description("Revoke a key; its connections are closed within 5 seconds")
    .action(async (account: string, id: string) => {
      await request(context.profile(), "DELETE", `${keys(account)}/${encodeURIComponent(id)}`);
      context.out.stderr(`Key ${id} is revoked.\n`);
    });
  return command;
}

async function ensureServiceAccount(context: Context, name: string, role: string): Promise<void> {
  const profile = context.profile();
  const accounts = await list<ServiceAccount>(profile, "/v1/service-accounts");
  if (accounts.some((account) => account.name === name)) return;
  await request(profile, "PUT", `/v1/service-accounts/${encodeURIComponent(name)}`, {
    body: { spec: { role, cluster: profile.cluster } },
  });
}
