// The way in: an API key. The same key opens REST and Kafka, so there is no other account to make.
import { type ClipboardEvent, type FormEvent, useState, useSyncExternalStore } from "react";
import { whoIs } from "../lib/client.ts";
import { parseKey, session, signIn } from "../lib/session.ts";
import { ThemeChoice } from "../shell.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Mark } from "../ui/icons.tsx";
import { PageHead } from "../ui/page.tsx";
import { ProblemNote } from "../ui/states.tsx";

export function SignIn() {
  const ended = useSyncExternalStore(session.subscribe, session.endedBecause);
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
      <main className="grid content-center justify-items-center px-5 py-10">
        <div className="w-full max-w-sm">
          <div className="mb-10 flex items-center justify-between">
            <span className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
              <span className="text-water">
                <Mark className="size-8" />
              </span>
              Headgate
            </span>
            <ThemeChoice />
          </div>
          <PageHead title="Sign in">With any API key that has a role.</PageHead>
          {/* What was typed before is no answer to a new reason. */}
          <SignInForm key={ended} ended={ended} />
        </div>
      </main>
      <Weir />
    </div>
  );
}

function SignInForm({ ended }: { ended: string | undefined }) {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [faults, setFaults] = useState<Faults>({});
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = faultsOf(id, secret);
    setFaults(found);
    setError(undefined);
    const key = parseKey(`${id.trim()}:${secret.trim()}`);
    if (!key) return;
    setBusy(true);
    try {
      await whoIs(key);
      signIn(key);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const paste = (event: ClipboardEvent) => {
    const key = parseKey(event.clipboardData.getData("text"));
    if (!key) return;
    event.preventDefault();
    setId(key.id);
    setSecret(key.secret);
  };
  return (
    <form
      noValidate
      onSubmit={(event) => void submit(event)}
      onPaste={paste}
      className="grid gap-4"
    >
      {error === undefined && ended && (
        <p role="status" className="rounded-card bg-brass-soft p-3 text-sm">
          {ended}
        </p>
      )}
      <Field
        label="Key id"
        name="username"
        autoComplete="username"
        placeholder="ak_…"
        required
        mono
        value={id}
        onChange={(event) => setId(event.target.value)}
        error={faults.id}
      />
      <Field
        label="Secret"
        name="password"
        type="password"
        autoComplete="current-password"
        placeholder="hgs_…"
        required
        mono
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
        error={faults.secret}
        hint="Pasting ak_…:hgs_… into either field fills both. The key stays in this tab and ends with it."
      />
      {error !== undefined && <ProblemNote error={error} />}
      <Button type="submit" look="primary" busy={busy} className="min-h-10">
        Sign in
      </Button>
      <p className="text-sm text-muted">
        On this machine, <code className="text-ink">npm start</code> prints a link that signs in by
        itself.
      </p>
    </form>
  );
}

interface Faults {
  readonly id?: string;
  readonly secret?: string;
}

/** What cannot be a key need not be asked about. */
function faultsOf(id: string, secret: string): Faults {
  const isId = parseKey(`${id.trim()}:hgs_0`) !== undefined;
  const isSecret = parseKey(`ak_0:${secret.trim()}`) !== undefined;
  return {
    ...(isId ? {} : { id: "A key id begins with ak_ and has small letters and digits only." }),
    ...(isSecret
      ? {}
      : { secret: "A secret begins with hgs_ and has small letters and digits only." }),
  };
}

/** Water behind a gate, and what Headgate is in three lines. */
function Weir() {
  return (
    <aside
      aria-label="About Headgate"
      className="relative hidden overflow-hidden bg-water-soft lg:block"
    >
      <svg
        viewBox="0 0 600 520"
        preserveAspectRatio="xMidYMax slice"
        aria-hidden="true"
        className="absolute inset-x-0 bottom-0 h-3/4 w-full text-water"
        fill="currentColor"
      >
        <path opacity=".85" d="M186 60h14v460h-14zM400 60h14v460h-14zM178 60h244v14H178z" />
        <path opacity=".6" d="M204 150h192v126H204zM296 74h8v76h-8z" />
        <path
          opacity=".2"
          d="M0 250c60-26 120-26 180 0s120 26 180 0 120-26 180 0 60 13 60 13v257H0z"
        />
        <path
          opacity=".26"
          d="M0 320c60 24 120 24 180 0s120-24 180 0 120 24 180 0 60-12 60-12v212H0z"
        />
        <path
          opacity=".34"
          d="M0 400c60-22 120-22 180 0s120 22 180 0 120-22 180 0 60 11 60 11v109H0z"
        />
      </svg>
      <div className="relative max-w-md p-14">
        <p className="text-3xl leading-tight font-semibold tracking-tight text-balance">
          Kafka that flows when you open the gate.
        </p>
        <p className="mt-4 text-muted">
          A topic in a second, any Kafka client, and a bill you can recount from the offsets
          yourself. What nobody uses costs only what it stores.
        </p>
      </div>
    </aside>
  );
}
