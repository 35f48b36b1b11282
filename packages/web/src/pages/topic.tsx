// One topic: what was asked, what is so, how fast it flows, and its end.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiProblem } from "../lib/client.ts";
import { formatCount, formatRate } from "../lib/format.ts";
import { useNow } from "../lib/now.ts";
import { monthUsageQuery, topicQuery } from "../lib/queries.ts";
import { keptMs, type Reading, rateAt, ratesUntil, withReading } from "../lib/rate.ts";
import { useRole } from "../lib/role.ts";
import type { Topic } from "../lib/wire.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Card, Figure, PageHead, Time } from "../ui/page.tsx";
import { RateChart } from "../ui/rate-chart.tsx";
import { Empty, Loading, PhaseBadge, Read } from "../ui/states.tsx";
import { DeleteTopic } from "./topic-delete.tsx";
import { TopicSettings } from "./topic-settings.tsx";

const route = getRouteApi("/topics/$name");

export function TopicPage() {
  const { name } = route.useParams();
  const topic = useQuery(topicQuery(name));
  const isGone = topic.error instanceof ApiProblem && topic.error.problem.status === 404;
  const known = isGone ? undefined : topic.data;
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-2 text-sm">
        <Link to="/topics" className="text-water underline-offset-4 hover:underline">
          Topics
        </Link>
      </nav>
      <PageHead title={name} actions={known && <Actions topic={known.body} etag={known.etag} />}>
        {known && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <PhaseBadge phase={known.body.status.phase} />
            <span>
              Created <Time at={known.body.createdAt} both />
            </span>
          </span>
        )}
      </PageHead>
      {isGone ? (
        <Gone />
      ) : (
        <Read query={topic} loading={<Loading what="the topic" />}>
          {({ body }) => (
            <div key={body.id} className="grid gap-4">
              <Conditions topic={body} />
              <Flow name={name} />
              <Partitions topic={body} />
              <TopicSettings topic={body} />
            </div>
          )}
        </Read>
      )}
    </>
  );
}

function Actions({ topic, etag }: { topic: Topic; etag: string | undefined }) {
  const { mayEdit } = useRole();
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <Link to="/" search={{ topic: topic.name }} className={buttonClass()}>
        Snippets
      </Link>
      {mayEdit && topic.deletedAt === undefined && (
        <Button onClick={() => setDeleting(true)}>Delete…</Button>
      )}
      <DeleteTopic open={deleting} onClose={() => setDeleting(false)} topic={topic} etag={etag} />
    </>
  );
}

function Gone() {
  return (
    <Empty
      title="There is no such topic"
      action={
        <Link to="/topics" className={buttonClass()}>
          All topics
        </Link>
      }
    >
      It was never created in this cluster, or it was deleted.
    </Empty>
  );
}

/** Why the topic is not (yet) what was asked. */
function Conditions({ topic }: { topic: Topic }) {
  return topic.status.conditions
    .filter(({ status }) => status !== "True")
    .map(({ type, message, reason }) => (
      <p key={type} role="status" className="rounded-card bg-brass-soft p-4 wrap-anywhere">
        {message || reason}
      </p>
    ));
}

function Flow({ name }: { name: string }) {
  const usage = useQuery(monthUsageQuery("topic"));
  const row = usage.data?.rows.find((one) => one.topic === name);
  const written = usage.data && (row?.recordsWritten ?? "0");
  const read = usage.data && (row?.recordsRead ?? "0");
  const writes = useReadings(written, usage.dataUpdatedAt);
  const reads = useReadings(read, usage.dataUpdatedAt);
  const nowMs = useNow((ms) => ms);
  return (
    <Card title="Flow" aside="Records, live">
      <div className="grid items-end gap-x-10 gap-y-5 sm:grid-cols-[auto_1fr]">
        <dl className="grid grid-cols-2 gap-x-8 gap-y-4">
          <Figure name="Written per second" value={formatRate(rateAt(writes, nowMs))} />
          <Figure name="Read per second" value={formatRate(rateAt(reads, nowMs))} />
          <Figure name="Written this month" value={written ? formatCount(written) : "…"} />
          <Figure name="Read this month" value={read ? formatCount(read) : "…"} />
        </dl>
        <RateChart
          points={ratesUntil(writes, nowMs, 2000)}
          nowMs={nowMs}
          spanMs={keptMs}
          label="Records written per second, the last two minutes"
        />
      </div>
    </Card>
  );
}

/** Readings of a count (decimal text) that was read anew at `atMs`. */
function useReadings(count: string | undefined, atMs: number): readonly Reading[] {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  useEffect(() => {
    if (count === undefined) return;
    setReadings((before) => withReading(before, { atMs, count: BigInt(count) }));
  }, [count, atMs]);
  return readings;
}

const partitionsShown = 200;

function Partitions({ topic }: { topic: Topic }) {
  const asked = topic.spec.partitions;
  const there = topic.status.partitions ?? 0;
  const numbers = Array.from({ length: Math.min(asked, partitionsShown) }, (_, n) => n);
  return (
    <Card
      title="Partitions"
      aside={
        there === asked ? formatCount(asked) : `${formatCount(there)} of ${formatCount(asked)}`
      }
    >
      <ul aria-label="Partitions" className="flex flex-wrap gap-1.5">
        {numbers.map((number) => (
          <li
            key={number}
            className={`min-w-9 rounded px-2 py-1 text-center font-mono text-xs ${number < there ? "bg-water-soft text-ink" : "border border-line-strong border-dashed text-muted"}`}
          >
            {number}
            <span className="sr-only">{number < there ? ", ready" : ", being created"}</span>
          </li>
        ))}
        {asked > numbers.length && (
          <li className="px-2 py-1 text-sm text-muted">
            and {formatCount(asked - numbers.length)} more
          </li>
        )}
      </ul>
      {topic.status.topicId && (
        <p className="mt-3 text-sm text-muted">
          Kafka topic id <code className="text-ink select-all">{topic.status.topicId}</code>
        </p>
      )}
    </Card>
  );
}
