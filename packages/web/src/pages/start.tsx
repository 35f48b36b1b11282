// From nothing to the first record in three steps, each ticked by what the server saw, not by what was clicked.
import { hourOf } from "@headgate/core/clock";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { formatCount } from "../lib/format.ts";
import { hourStart } from "../lib/hours.ts";
import { keyState } from "../lib/key-state.ts";
import { accountsQuery, keysQuery, topicQuery, topicsQuery, usageQuery } from "../lib/queries.ts";
import { type Credentials, session } from "../lib/session.ts";
import { icons } from "../ui/icons.tsx";
import { PageHead } from "../ui/page.tsx";
import { Loading, Read } from "../ui/states.tsx";
import { KeyStep, quickstart } from "./start-key.tsx";
import { SendStep } from "./start-send.tsx";
import { TopicStep } from "./start-topic.tsx";

const route = getRouteApi("/");

/** Made on this page, by the key that made it: while the tab lives, leaving the page does not lose the secret. */
const madeKeys = new Map<string | undefined, Credentials>();

export function StartPage() {
  const { topic: asked } = route.useSearch();
  const list = useQuery(topicsQuery({ limit: 1 }));
  const own = session.get();
  const [key, setKey] = useState(madeKeys.get(own?.id));
  const takeKey = (taken: Credentials) => {
    madeKeys.set(own?.id, taken);
    setKey(taken);
  };
  return (
    <>
      <PageHead title="Send your first record">
        Three steps. Each gate opens by itself when Headgate sees that it is done.
      </PageHead>
      <Read query={list} loading={<Loading what="your topics" />}>
        {({ items }) => <Steps name={asked ?? items[0]?.name} apiKey={key} onKey={takeKey} />}
      </Read>
    </>
  );
}

function Steps(props: {
  name: string | undefined;
  apiKey: Credentials | undefined;
  onKey: (key: Credentials) => void;
}) {
  const { name, apiKey, onKey } = props;
  const topic = useQuery({ ...topicQuery(name ?? ""), enabled: name !== undefined });
  const isReady = topic.data?.body.status.phase === "Ready";
  const written = useWritten(name, topic.data?.body.createdAt);
  const isSeen = BigInt(written) > 0n;
  const live = useLiveKeys();
  // It may have been revoked since it was made; nobody knows until the keys are read.
  const isUsable = apiKey?.id === session.get()?.id || (live?.includes(apiKey?.id ?? "") ?? true);
  const inHand = isUsable ? apiKey : undefined;
  const hasKey = inHand !== undefined || (live !== undefined && live.length > 0);
  return (
    <ol className="grid">
      <Step done={isReady} current={!isReady} title="Create a topic">
        <TopicStep name={name} topic={topic} />
      </Step>
      <Step done={hasKey} current={isReady && !hasKey} title="Make a key">
        <KeyStep inHand={inHand} live={live ?? []} onKey={onKey} />
      </Step>
      <Step done={isSeen} current={isReady && hasKey && !isSeen} title="Send a record" last>
        <SendStep topic={name ?? "orders"} apiKey={inHand} />
        {isSeen ? <Seen topic={name!} written={written} /> : <Listening topic={name} />}
      </Step>
    </ol>
  );
}

const monthMs = 31 * 86_400_000;

/** Records written to a topic since it was created, or in the last 31 days if that is sooner. Decimal text. */
function useWritten(topic: string | undefined, createdAt: string | undefined): string {
  const fromMs = Math.max(Date.parse(createdAt ?? "1970-01-01"), Date.now() - monthMs);
  const usage = useQuery({
    ...usageQuery("topic", hourStart(hourOf(fromMs))),
    enabled: createdAt !== undefined,
  });
  return usage.data?.rows.find((row) => row.topic === topic)?.recordsWritten ?? "0";
}

/** Ids of the keys with which the snippets' service account can work now; undefined until they are read. */
function useLiveKeys(): readonly string[] | undefined {
  const account = useQuery(accountsQuery({ prefix: quickstart, limit: 1 }));
  const isThere = account.data && account.data.items[0]?.name === quickstart;
  const keys = useQuery({ ...keysQuery(quickstart), enabled: isThere === true });
  if (isThere === false) return [];
  return keys.data?.filter((key) => keyState(key, Date.now()) === "Live").map((key) => key.id);
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

function Listening({ topic }: { topic: string | undefined }) {
  return (
    <p role="status" className="mt-4 flex items-center gap-3 rounded-card bg-sunken p-4 text-muted">
      <span aria-hidden="true" className="ripple size-2.5 shrink-0 rounded-full bg-brass" />
      <span className="min-w-0 wrap-anywhere">
        Listening for the first record{topic ? ` in ${topic}` : ""}…
      </span>
    </p>
  );
}

function Seen({ topic, written }: { topic: string; written: string }) {
  const records = written === "1" ? "record" : "records";
  return (
    <div role="status" className="rise mt-4 rounded-card border border-moss/45 bg-moss-soft p-4">
      <p className="font-semibold">We received your first record.</p>
      <p className="mt-1 wrap-anywhere">
        {formatCount(written)} {records} written to{" "}
        <Link
          to="/topics/$name"
          params={{ name: topic }}
          className="font-mono text-[0.875rem] text-water underline underline-offset-4"
        >
          {topic}
        </Link>{" "}
        so far.{" "}
        <Link to="/usage" className="text-water underline underline-offset-4">
          See what it costs
        </Link>
        .
      </p>
    </div>
  );
}
