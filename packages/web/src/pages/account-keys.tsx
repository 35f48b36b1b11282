// A service account and its keys: made in place, the secret shown once, revoked with a question.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keyState } from "../lib/key-state.ts";
import { useNow } from "../lib/now.ts";
import { createKey, keysQuery, revokeKey } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import { session } from "../lib/session.ts";
import type { ApiKey, ServiceAccount } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { OneTimeSecret } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { icons } from "../ui/icons.tsx";
import { Time } from "../ui/page.tsx";
import { Badge, Loading, ProblemNote, Read } from "../ui/states.tsx";

const liveKeysMax = 2;

/** An item of the list of accounts. */
export function AccountKeys({ account }: { account: ServiceAccount }) {
  const keys = useQuery(keysQuery(account.name));
  const { mayOwn } = useRole();
  return (
    <li className="grid gap-x-8 gap-y-3 p-4 sm:p-5 lg:grid-cols-[13rem_minmax(0,1fr)]">
      <div className="min-w-0">
        <h2 className="font-mono text-[0.9375rem] font-semibold wrap-anywhere">{account.name}</h2>
        <p className="text-sm text-muted">{roleText(account)}</p>
      </div>
      <div className="grid min-w-0 content-start gap-2">
        <Read query={keys} loading={<Loading what="keys" rows={1} />}>
          {(all) => <KeyList account={account.name} keys={all} mayOwn={mayOwn} />}
        </Read>
      </div>
    </li>
  );
}

function roleText({ spec }: ServiceAccount): string {
  const role = spec.role === "none" ? "no role" : spec.role;
  const grants = spec.grants.length;
  return grants === 0 ? role : `${role}, ${grants} ${grants === 1 ? "grant" : "grants"}`;
}

function KeyList(props: { account: string; keys: readonly ApiKey[]; mayOwn: boolean }) {
  const { account, keys, mayOwn } = props;
  const [revoking, setRevoking] = useState<ApiKey>();
  const [asking, setAsking] = useState(false);
  // To the minute is enough for what expires, and renders no row each second.
  const minute = useNow((nowMs) => Math.floor(nowMs / 60_000)) * 60_000;
  const live = keys.filter((key) => keyState(key, minute) === "Live");
  const ended = keys.filter((key) => !live.includes(key));
  const ask = (key: ApiKey) => {
    setRevoking(key);
    setAsking(true);
  };
  return (
    <>
      {live.length === 0 && <p className="text-muted">No live key.</p>}
      <ul aria-label={`Live keys of ${account}`} className="grid gap-2">
        {live.map((key) => (
          <KeyRow key={key.id} apiKey={key} state="Live">
            {mayOwn && (
              <Button onClick={() => ask(key)} aria-label={`Revoke ${key.id}`}>
                Revoke…
              </Button>
            )}
          </KeyRow>
        ))}
      </ul>
      {mayOwn && <MakeKey account={account} isFull={live.length >= liveKeysMax} />}
      {ended.length > 0 && (
        <details className="text-sm">
          <summary className="w-fit text-muted underline-offset-4 hover:underline">
            {ended.length} revoked or expired
          </summary>
          <ul aria-label={`Ended keys of ${account}`} className="mt-2 grid gap-2">
            {ended.map((key) => (
              <KeyRow key={key.id} apiKey={key} state={keyState(key, minute)} />
            ))}
          </ul>
        </details>
      )}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Revoke this key?"
        description={
          revoking?.id === session.get()?.id
            ? "You are signed in with it: you will be signed out, and programs that use it are cut off within seconds."
            : "Programs that use it are cut off within seconds. It cannot be brought back."
        }
      >
        {revoking && <Revoke account={account} id={revoking.id} onClose={() => setAsking(false)} />}
      </Dialog>
    </>
  );
}

function KeyRow(props: {
  apiKey: ApiKey;
  state: ReturnType<typeof keyState>;
  children?: React.ReactNode;
}) {
  const { apiKey, state } = props;
  const isOwn = session.get()?.id === apiKey.id;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 sm:grid-cols-[11rem_5rem_minmax(0,1fr)_auto]">
      <span className="font-mono text-[0.8125rem]">{apiKey.id}</span>
      <span>
        <Badge tone={state === "Live" ? "good" : "plain"}>{state}</Badge>
      </span>
      <span className="min-w-0 text-sm text-muted">
        {isOwn && <span className="font-medium text-ink">This session. </span>}
        {apiKey.lastUsedAt ? (
          <>
            Used <Time at={apiKey.lastUsedAt} />
          </>
        ) : (
          "Never used"
        )}
        , made <Time at={apiKey.createdAt} />
        {apiKey.expiresAt && state === "Live" && (
          <>
            , ends <Time at={apiKey.expiresAt} />
          </>
        )}
      </span>
      {props.children}
    </li>
  );
}

function MakeKey({ account, isFull }: { account: string; isFull: boolean }) {
  const queries = useQueryClient();
  const [shown, setShown] = useState(false);
  const create = useMutation({
    mutationFn: () => createKey(account),
    onSuccess: () => {
      setShown(true);
      return queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button
          look="bare"
          className="-ml-3.5"
          busy={create.isPending}
          disabled={isFull}
          aria-label={`Make a key for ${account}`}
          onClick={() => create.mutate()}
        >
          {icons.plus} Make a key
        </Button>
        {isFull && <p className="text-sm text-muted">Two live keys: revoke one to make another.</p>}
      </div>
      {create.isError && <ProblemNote error={create.error} />}
      <Dialog
        open={shown}
        onClose={() => setShown(false)}
        onClosed={create.reset}
        title={`A new key for ${account}`}
        sticky
      >
        {create.data && <OneTimeSecret id={create.data.id} secret={create.data.secret} />}
        <div className="mt-4 flex justify-end">
          <Button look="primary" onClick={() => setShown(false)}>
            I have copied it
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function Revoke(props: { account: string; id: string; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeKey(props.account, props.id),
    onSuccess: () => {
      props.onClose();
      return queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  return (
    <>
      <p className="font-mono text-sm break-all">{props.id}</p>
      {revoke.isError && (
        <div className="mt-3">
          <ProblemNote error={revoke.error} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={props.onClose}>Keep it</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke key
        </Button>
      </div>
    </>
  );
}
