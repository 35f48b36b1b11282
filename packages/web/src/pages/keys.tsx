// Service accounts, a page at a time, each with its keys (account-keys.tsx).
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../lib/client.ts";
import { accountsQuery, createAccount, isThereAlready } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, SelectField } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { PageHead } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Empty, Loading, ProblemNote, Read } from "../ui/states.tsx";
import { AccountKeys } from "./account-keys.tsx";

const route = getRouteApi("/keys");
/** Each asks for its keys, so a page is short. */
const accountsShown = 20;

export function KeysPage() {
  const { cursor } = route.useSearch();
  const accounts = useQuery({
    ...accountsQuery({ cursor, limit: accountsShown }),
    placeholderData: keepPreviousData,
  });
  const { mayOwn } = useRole();
  const [making, setMaking] = useState(false);
  const next = accounts.data?.next;
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
      <Read query={accounts} loading={<Loading what="service accounts" />}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No service accounts here">
              Make one for each program, so that usage and the audit log can tell them apart.
            </Empty>
          ) : (
            <ul className="divide-y divide-line rounded-card border border-line bg-surface">
              {items.map((account) => (
                <AccountKeys key={account.id} account={account} />
              ))}
            </ul>
          )
        }
      </Read>
      <Pager
        label="Pages of service accounts"
        first={cursor === undefined ? undefined : { to: "/keys", search: {} }}
        next={next === undefined ? undefined : { to: "/keys", search: { cursor: next } }}
      />
      <Dialog open={making} onClose={() => setMaking(false)} title="New service account">
        <NewAccount onClose={() => setMaking(false)} />
      </Dialog>
    </>
  );
}

const roles = [
  ["developer", "Developer: all topics, and REST changes"],
  ["viewer", "Viewer: reads topics, looks at everything"],
  ["owner", "Owner: keys and accounts too"],
] as const;

function NewAccount({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState("developer");
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createAccount(name.trim(), { role }),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const fault = accountNameFault(create.error);
  return (
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
        error={fault}
        hint="Lower-case letters, digits and hyphens; usage and the audit log will show it."
      />
      <SelectField
        label="Role"
        options={roles}
        value={role}
        onChange={(event) => setRole(event.target.value)}
      />
      {create.isError && fault === undefined && <ProblemNote error={create.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          type="submit"
          look="primary"
          busy={create.isPending}
          disabled={/^[.]*$/.test(name.trim())}
        >
          Create account
        </Button>
      </div>
    </form>
  );
}

function accountNameFault(error: unknown): string | undefined {
  if (!(error instanceof ApiProblem)) return undefined;
  return error.field("/name") ?? (isThereAlready(error) ? error.message : undefined);
}
