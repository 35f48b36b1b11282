// Service accounts and their keys: made in place, the secret shown once, revoked with a question.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../lib/client.ts";
import { accountsQuery, createKey, ensureAccount, keysQuery, revokeKey } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import { session } from "../lib/session.ts";
import type { ApiKey, ServiceAccount } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { OneTimeSecret } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, SelectField } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { Card, PageHead, Table, Time } from "../ui/page.tsx";
import { Badge, Empty, Loading, ProblemNote } from "../ui/states.tsx";

export function KeysPage() {
  const accounts = useQuery(accountsQuery);
  const { mayOwn } = useRole();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead
        title="API keys"
        actions={
          mayOwn && (
            <Button look="primary" onClick={() => setMaking(true)}>
              {icons.plus} New service account
            </Button>
          )
        }
      >
        A service account is who a program is. It has at most two live keys, so that one can be
        replaced while the other works. The same key opens REST and Kafka.
      </PageHead>
      {accounts.isPending && <Loading what="service accounts" />}
      {accounts.isError && (
        <ProblemNote error={accounts.error} onRetry={() => void accounts.refetch()} />
      )}
      {accounts.data?.items.length === 0 && (
        <Empty title="No service accounts yet">
          Make one for each program, so that usage and the audit log can tell them apart.
        </Empty>
      )}
      <div className="grid gap-4">
        {accounts.data?.items.map((account) => (
          <Account key={account.id} account={account} />
        ))}
      </div>
      <NewAccountDialog open={making} onClose={() => setMaking(false)} />
    </>
  );
}

function Account({ account }: { account: ServiceAccount }) {
  const keys = useQuery(keysQuery(account.name));
  const { mayOwn } = useRole();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createKey(account.name),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["accounts"] }),
  });
  const live = keys.data?.items.filter((key) => key.revokedAt === undefined) ?? [];
  return (
    <Card
      title={<span className="font-mono text-[0.9375rem]">{account.name}</span>}
      aside={roleText(account)}
    >
      {keys.isPending && <Loading what="keys" rows={1} />}
      {keys.isError && <ProblemNote error={keys.error} />}
      {keys.data?.items.length === 0 && <p className="text-muted">No keys yet.</p>}
      {keys.data && keys.data.items.length > 0 && (
        <KeyTable account={account.name} keys={keys.data.items} />
      )}
      {create.isError && (
        <div className="mt-3">
          <ProblemNote error={create.error} />
        </div>
      )}
      {mayOwn && (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <Button
            busy={create.isPending}
            disabled={live.length >= 2}
            onClick={() => create.mutate()}
          >
            {icons.plus} Make a key
          </Button>
          {live.length >= 2 && (
            <p className="text-sm text-muted">Two live keys: revoke one to make another.</p>
          )}
        </div>
      )}
      <Dialog
        open={create.data !== undefined}
        onClose={create.reset}
        title={`A new key for ${account.name}`}
        sticky
      >
        {create.data && <OneTimeSecret id={create.data.id} secret={create.data.secret} />}
        <div className="mt-4 flex justify-end">
          <Button look="primary" onClick={create.reset}>
            I have copied it
          </Button>
        </div>
      </Dialog>
    </Card>
  );
}

function roleText({ spec }: ServiceAccount): string {
  const role = spec.role === "none" ? "no role" : spec.role;
  const grants = spec.grants.length;
  return grants === 0 ? role : `${role}, ${grants} ${grants === 1 ? "grant" : "grants"}`;
}

function KeyTable({ account, keys }: { account: string; keys: readonly ApiKey[] }) {
  const [revoking, setRevoking] = useState<ApiKey>();
  return (
    <>
      <Table
        caption={`Keys of ${account}`}
        head={
          <tr>
            <th scope="col">Key id</th>
            <th scope="col">State</th>
            <th scope="col">Last used</th>
            <th scope="col">Created</th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        }
      >
        {keys.map((key) => (
          <KeyRow key={key.id} apiKey={key} onRevoke={() => setRevoking(key)} />
        ))}
      </Table>
      <RevokeDialog account={account} apiKey={revoking} onClose={() => setRevoking(undefined)} />
    </>
  );
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { mayOwn } = useRole();
  const own = session.get()?.id === apiKey.id;
  const expired = apiKey.expiresAt !== undefined && Date.parse(apiKey.expiresAt) <= Date.now();
  const state = apiKey.revokedAt ? "Revoked" : expired ? "Expired" : "Live";
  return (
    <tr>
      <th scope="row" className="font-mono text-[0.8125rem] whitespace-nowrap">
        {apiKey.id}
        {own && <span className="ml-2 font-sans text-muted">this session</span>}
      </th>
      <td>
        <Badge tone={state === "Live" ? "good" : "plain"}>{state}</Badge>
      </td>
      <td>{apiKey.lastUsedAt ? <Time at={apiKey.lastUsedAt} /> : "never"}</td>
      <td>
        <Time at={apiKey.createdAt} />
      </td>
      <td className="text-right">
        {mayOwn && state === "Live" && (
          <Button onClick={onRevoke} aria-label={`Revoke ${apiKey.id}`}>
            Revoke…
          </Button>
        )}
      </td>
    </tr>
  );
}

function RevokeDialog(props: { account: string; apiKey: ApiKey | undefined; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: (id: string) => revokeKey(props.account, id),
    onSuccess: async () => {
      props.onClose();
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const own = session.get()?.id === props.apiKey?.id;
  return (
    <Dialog
      open={props.apiKey !== undefined}
      onClose={props.onClose}
      title="Revoke this key?"
      description={
        own
          ? "You are signed in with it: you will be signed out, and programs that use it are cut off within seconds."
          : "Programs that use it are cut off within seconds. It cannot be brought back."
      }
    >
      <p className="font-mono text-sm break-all">{props.apiKey?.id}</p>
      {revoke.isError && (
        <div className="mt-3">
          <ProblemNote error={revoke.error} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={props.onClose}>Keep it</Button>
        <Button
          look="danger"
          busy={revoke.isPending}
          onClick={() => props.apiKey && revoke.mutate(props.apiKey.id)}
        >
          Revoke key
        </Button>
      </div>
    </Dialog>
  );
}

const roles = [
  ["developer", "Developer: all topics, and REST changes"],
  ["viewer", "Viewer: reads topics, looks at everything"],
  ["owner", "Owner: keys and accounts too"],
] as const;

function NewAccountDialog(props: { open: boolean; onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("developer");
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => ensureAccount(name.trim(), { role }),
    onSuccess: async () => {
      setName("");
      props.onClose();
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const nameFault = create.error instanceof ApiProblem ? create.error.field("/name") : undefined;
  return (
    <Dialog open={props.open} onClose={props.onClose} title="New service account">
      <form
        noValidate
        className="grid gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label="Name"
          mono
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={nameFault}
          hint="Lower-case letters, digits and hyphens; usage and the audit log will show it."
        />
        <SelectField
          label="Role"
          options={roles}
          value={role}
          onChange={(event) => setRole(event.target.value)}
        />
        {create.isError && nameFault === undefined && <ProblemNote error={create.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={create.isPending}
            disabled={name.trim() === ""}
          >
            Create account
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
