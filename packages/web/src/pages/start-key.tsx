// The second step: a key in place, its secret shown once and filled into the snippets.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { createAccount, createKey, isThereAlready } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import { type Credentials, session } from "../lib/session.ts";
import { Button } from "../ui/button.tsx";
import { OneTimeSecret } from "../ui/copy.tsx";
import { ProblemNote } from "../ui/states.tsx";

/** The service account of the snippets. */
export const quickstart = "quickstart";

/** `inHand`: the key the snippets use; `live`: ids of the keys there are, whose secrets nobody has any more. */
export function KeyStep(props: {
  inHand: Credentials | undefined;
  live: readonly string[];
  onKey: (key: Credentials) => void;
}) {
  const { inHand, live, onKey } = props;
  const own = session.get();
  if (inHand !== undefined && inHand.id === own?.id) {
    return <p className="text-muted">The snippets use the key you are signed in with.</p>;
  }
  if (inHand !== undefined) {
    return (
      <div className="max-w-2xl">
        <OneTimeSecret {...inHand} />
      </div>
    );
  }
  return (
    <div className="grid max-w-xl justify-items-start gap-3">
      {live.length === 0 ? (
        <p className="text-muted">
          For a service account <code className="text-ink">{quickstart}</code>, which may use every
          topic of this cluster. The secret is shown once and filled into the snippets below.
        </p>
      ) : (
        <p className="text-muted">
          <code className="text-ink">{quickstart}</code> has{" "}
          {live.length === 1 ? "a key" : `${live.length} keys`}, whose secret was shown once. For
          snippets that are filled in, make another or use your own.
        </p>
      )}
      <Choices live={live} onKey={onKey} />
    </div>
  );
}

function Choices({ live, onKey }: { live: readonly string[]; onKey: (key: Credentials) => void }) {
  const queries = useQueryClient();
  const { mayOwn } = useRole();
  const own = session.get();
  const make = useMutation({
    mutationFn: async () => {
      if (live.length === 0) await ensureQuickstart();
      return createKey(quickstart);
    },
    onSuccess: async ({ id, secret }) => {
      onKey({ id, secret });
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        {mayOwn && live.length < 2 && (
          <Button
            look={live.length === 0 ? "primary" : "quiet"}
            busy={make.isPending}
            onClick={() => make.mutate()}
          >
            {live.length === 0 ? "Make a key" : "Make another key"}
          </Button>
        )}
        {own && (
          <Button look={mayOwn ? "bare" : "primary"} onClick={() => onKey(own)}>
            Use the key I signed in with
          </Button>
        )}
      </div>
      {live.length >= 2 && (
        <p className="text-sm text-muted">
          Two keys are the most at a time.{" "}
          <Link to="/keys" className="text-water underline underline-offset-4">
            Revoke one
          </Link>{" "}
          to make another.
        </p>
      )}
      {make.isError && <ProblemNote error={make.error} />}
    </>
  );
}

async function ensureQuickstart(): Promise<void> {
  try {
    await createAccount(quickstart, { role: "developer", displayName: "Quick start" });
  } catch (error) {
    // It is there with no live key, or was made in another tab meanwhile.
    if (!isThereAlready(error)) throw error;
  }
}
