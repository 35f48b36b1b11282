// Who calls, by API key (Bearer or Basic), and whether their role may do what a route asks for. The store is asked at
// each request, so a revoked key opens nothing from then on.
import type { Control } from "@headgate/control/control";
import { authenticateKey, noteKeyUse } from "@headgate/control/key-use";
import type { Actor } from "@headgate/core/audit";
import { AppError } from "@headgate/core/errors";
import { Permission, type Role, roleMay } from "@headgate/core/service-account";
import { type Sealer, sealer } from "./seal.ts";

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export interface Caller {
  readonly actor: Actor & { readonly apiKey: string; readonly serviceAccountName: string };
  readonly role: Role;
  /** Name of the cluster that `/v1/topics` and `/v1/groups` mean. */
  readonly cluster: string;
  /** Seals what only this key may read again. */
  readonly sealed: Sealer;
  /** Whether the key still opens something: for what lasts longer than a request. */
  isLive(): Promise<boolean>;
}

/** `Bearer ak_…:hgs_…`, or `Basic` with the same two. Throws `auth.missing`, `auth.failed`. */
export function readCredentials(header: string | undefined): Credentials {
  if (header === undefined) throw new AppError("auth.missing");
  const [, scheme = "", rest = ""] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  const isBasic = scheme.toLowerCase() === "basic";
  if (!isBasic && scheme.toLowerCase() !== "bearer") {
    throw new AppError("auth.failed", { detail: "Authorization is neither Bearer nor Basic." });
  }
  const text = isBasic ? Buffer.from(rest, "base64").toString("utf8") : rest;
  const colon = text.indexOf(":");
  if (colon > 0) return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
  throw new AppError("auth.failed", {
    detail: "The credentials are not a key id and a secret joined by a colon.",
  });
}

/** Throws `auth.failed` for every kind of wrong credential alike. */
export async function authenticate(
  control: Control,
  { id, secret }: Credentials,
  door: Pick<Actor, "channel" | "requestId">,
): Promise<Caller> {
  const known = await authenticateKey(control, id, secret);
  if (!known) throw new AppError("auth.failed");
  const { key, account } = known;
  noteKeyUse(control, key);
  return {
    actor: {
      tenant: key.tenant,
      serviceAccount: account.id,
      serviceAccountName: account.name,
      apiKey: key.id,
      ...door,
    },
    role: account.spec.role,
    cluster: account.spec.cluster,
    sealed: sealer(secret, control.random),
    isLive: async () => (await authenticateKey(control, id, secret)) !== undefined,
  };
}

const verbs: Record<Permission, string> = {
  view: "read anything here",
  edit: "change topics or groups",
  own: "manage clusters, service accounts, keys or the audit log",
  operate: "operate the service",
};

/** Throws `auth.forbidden`. */
export function requirePermission(caller: Caller, permission: Permission): void {
  const { role, actor } = caller;
  if (roleMay(role, permission)) return;
  const who = `Service account '${actor.serviceAccountName}' has the role '${role}'`;
  const only = role === "none" ? "; it is for the Kafka port only" : "";
  throw new AppError("auth.forbidden", {
    detail: `${who} and may not ${verbs[permission]}${only}.`,
  });
}

/** Whether a role holds a permission that another does not. */
export function isAbove(role: Role, other: Role): boolean {
  return Permission.options.some((each) => roleMay(role, each) && !roleMay(other, each));
}
