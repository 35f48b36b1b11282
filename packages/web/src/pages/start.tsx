// From nothing to the first record in three steps, each ticked by what the server saw, not by what was clicked.
import { Tabs } from "@base-ui/react/tabs";
import { type SnippetInput, snippets } from "@headgate/core/snippets";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { formatCount } from "../lib/format.ts";
import {
  clusterQuery,
  createKey,
  createTopic,
  ensureAccount,
  topicQuery,
  topicsQuery,
  usageQuery,
  whoAmIQuery,
} from "../lib/queries.ts";
import { type Credentials, session } from "../lib/session.ts";
import { Button } from "../ui/button.tsx";
import { Code, OneTimeSecret } from "../ui/copy.tsx";
import { Field } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { PageHead } from "../ui/page.tsx";
import { Loading, ProblemNote } from "../ui/states.tsx";

const route = getRouteApi("/");
const quickstart = "quickstart";

/** The topic in the address, else the first there is. */
function useStartTopic() {
  const { topic: asked } = route.useSearch();
  const list = useQuery(topicsQuery({ limit: 1 }));
  const name = asked ?? list.data?.items[0]?.name;
  const topic = useQuery({ ...topicQuery(name ?? ""), enabled: name !== undefined });
  return { list, name, ready: topic.data?.body.status.phase === "Ready", topic };
}

export function StartPage() {
  const { list, name, ready, topic } = useStartTopic();
  const [key, setKey] = useState<Credentials>();
  const usage = useQuery({ ...usageQuery("topic"), enabled: name !== undefined });
  const written = usage.data?.rows.find((row) => row.topic === name)?.recordsWritten ?? "0";
  const seen = BigInt(written) > 0n;
  return (
    <>
      <PageHead title="Send your first record">
        Three steps. Each gate opens by itself when Headgate sees that it is done.
      </PageHead>
      {list.isPending && <Loading what="your topics" />}
      {list.isError && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && (
        <ol className="grid">
          <Step done={ready} current={!ready} title="Create a topic">
            <TopicStep name={name} ready={ready} error={topic.error} />
          </Step>
          <Step done={key !== undefined} current={ready && !key} title="Make a key">
            <KeyStep keyMade={key} onKey={setKey} />
          </Step>
          <Step
            done={seen}
            current={ready && key !== undefined && !seen}
            title="Send a record"
            last
          >
            <SendStep topic={name ?? "orders"} apiKey={key} />
            <FirstRecord topic={name} seen={seen} written={written} />
          </Step>
        </ol>
      )}
    </>
  );
}

function Step(props: {
  done: boolean;
  current: boolean;
  title: string;
  last?: boolean;
  children: ReactNode;
}) {
  const { done, current } = props;
  const gate = done
    ? "border-water bg-water text-on-water"
    : current
      ? "ripple border-brass bg-surface"
      : "border-line-strong bg-surface";
  return (
    <li className="grid grid-cols-[1.75rem_minmax(0,1fr)] gap-x-4 sm:gap-x-6">
      <div className="relative">
        <span
          className={`relative z-1 grid size-7 place-items-center rounded-full border-2 ${gate}`}
        >
          {done ? icons.check : <span className="size-1.5 rounded-full bg-line-strong" />}
        </span>
        {!props.last && (
          <span aria-hidden="true" className="absolute inset-y-0 left-3 w-1 bg-line">
            <span className={`channel-water block w-full bg-water ${done ? "h-full" : "h-0"}`} />
          </span>
        )}
      </div>
      <div className="min-w-0 pb-9">
        <h2 className="flex flex-wrap items-baseline gap-x-3 text-lg font-semibold">
          {props.title}
          <span
            role="status"
            className={`text-sm font-medium ${done ? "text-moss" : "text-muted"}`}
          >
            {done ? "Done" : current ? "Waiting for you" : ""}
          </span>
        </h2>
        <div className="mt-2">{props.children}</div>
      </div>
    </li>
  );
}

function TopicStep(props: { name: string | undefined; ready: boolean; error: unknown }) {
  const [name, setName] = useState("orders");
  const navigate = useNavigate({ from: "/" });
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createTopic(name.trim(), {}),
    onSuccess: async (topic) => {
      await queries.invalidateQueries({ queryKey: ["topics"] });
      await navigate({ search: { topic: topic.name }, replace: true });
    },
  });
  if (props.name !== undefined) {
    return (
      <>
        <p className="text-muted">
          {props.ready ? "Ready: " : "Being created: "}
          <Link
            to="/topics/$name"
            params={{ name: props.name }}
            className="font-mono text-[0.875rem] text-water underline-offset-4 hover:underline"
          >
            {props.name}
          </Link>
        </p>
        {props.error != null && <ProblemNote error={props.error} />}
      </>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit} noValidate className="grid max-w-xl gap-3">
      <div className="flex flex-wrap items-end gap-3">
        <Field
          label="Topic name"
          mono
          spellCheck={false}
          autoComplete="off"
          className="min-w-52 flex-1"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" look="primary" busy={create.isPending} className="min-h-10">
          Create topic
        </Button>
      </div>
      <p className="text-sm text-muted">3 partitions, records kept for 7 days. Both can change.</p>
      {create.isError && <ProblemNote error={create.error} />}
    </form>
  );
}

function KeyStep(props: { keyMade: Credentials | undefined; onKey: (key: Credentials) => void }) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: async () => {
      await ensureAccount(quickstart, { role: "developer", displayName: "Quick start" });
      return createKey(quickstart);
    },
    onSuccess: async (key) => {
      props.onKey(key);
      await queries.invalidateQueries({ queryKey: ["accounts"] });
    },
  });
  const own = session.get();
  if (props.keyMade) {
    if (props.keyMade.id === own?.id) {
      return <p className="text-muted">The snippets use the key you are signed in with.</p>;
    }
    return (
      <div className="max-w-xl">
        <OneTimeSecret {...props.keyMade} />
      </div>
    );
  }
  return (
    <div className="grid max-w-xl justify-items-start gap-3">
      <p className="text-muted">
        For a service account <code className="text-ink">{quickstart}</code>, which may use every
        topic of this cluster. The secret is shown once and filled into the snippets below.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" busy={make.isPending} onClick={() => make.mutate()}>
          Make a key
        </Button>
        {own && (
          <Button look="bare" onClick={() => props.onKey(own)}>
            Use the key I signed in with
          </Button>
        )}
      </div>
      {make.isError && <ProblemNote error={make.error} />}
    </div>
  );
}

function SendStep({ topic, apiKey }: { topic: string; apiKey: Credentials | undefined }) {
  const me = useQuery(whoAmIQuery);
  const clusterName = me.data?.cluster;
  const cluster = useQuery({
    ...clusterQuery(clusterName ?? ""),
    enabled: clusterName !== undefined,
  });
  const bootstrap = cluster.data?.status.bootstrap;
  if (cluster.isError) return <ProblemNote error={cluster.error} />;
  if (bootstrap === undefined || clusterName === undefined) {
    return <Loading what="the cluster's address" rows={2} />;
  }
  const key = apiKey ?? { id: "YOUR_KEY_ID", secret: "YOUR_SECRET" };
  const tls = location.protocol === "https:";
  return (
    <SnippetTabs
      input={{ api: location.origin, bootstrap, cluster: clusterName, topic, key, tls }}
    />
  );
}

function SnippetTabs({ input }: { input: SnippetInput }) {
  const all = snippets(input);
  return (
    <Tabs.Root defaultValue="typescript">
      <Tabs.List
        aria-label="Language"
        className="mb-2 flex gap-1 overflow-x-auto border-line border-b"
      >
        {all.map((snippet) => (
          <Tabs.Tab
            key={snippet.id}
            value={snippet.id}
            className="-mb-px border-transparent border-b-2 px-3 py-2 text-sm font-medium whitespace-nowrap text-muted -outline-offset-2 hover:text-ink data-active:border-water data-active:text-ink"
          >
            {snippet.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map((snippet) => (
        <Tabs.Panel key={snippet.id} value={snippet.id}>
          <p className="mb-2 text-sm text-muted">Needs: {snippet.needs}.</p>
          <Code code={snippet.code} what={`${snippet.label} snippet`} />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}

function FirstRecord(props: { topic: string | undefined; seen: boolean; written: string }) {
  if (!props.seen) {
    return (
      <p
        role="status"
        className="mt-4 flex items-center gap-3 rounded-card bg-sunken p-4 text-muted"
      >
        <span aria-hidden="true" className="ripple size-2.5 shrink-0 rounded-full bg-brass" />
        Listening for the first record{props.topic ? ` in ${props.topic}` : ""}…
      </p>
    );
  }
  return (
    <div role="status" className="rise mt-4 rounded-card border border-moss/45 bg-moss-soft p-4">
      <p className="font-semibold">We received your first record.</p>
      <p className="mt-1">
        {formatCount(props.written)} written to <code>{props.topic}</code> so far.{" "}
        <Link to="/usage" className="text-water underline underline-offset-4">
          See what it costs
        </Link>
        .
      </p>
    </div>
  );
}
