// All topics of the cluster: searched by how their names start, a page at a time, created in place.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { formatCount } from "../lib/format.ts";
import { topicsQuery, usageQuery } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import type { Topic, UsageRow } from "../lib/wire.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { inputClass } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { Card, PageHead, Table, Time } from "../ui/page.tsx";
import { Empty, Loading, PhaseBadge, ProblemNote } from "../ui/states.tsx";
import { TopicForm } from "./topic-form.tsx";

const route = getRouteApi("/topics");

export function TopicsPage() {
  const { prefix, cursor, create } = route.useSearch();
  const navigate = useNavigate({ from: "/topics" });
  const role = useRole();
  const list = useQuery({
    ...topicsQuery({ ...(prefix && { prefix }), ...(cursor && { cursor }) }),
    placeholderData: keepPreviousData,
  });
  const setCreate = (open: boolean) =>
    void navigate({
      search: ({ create: _, ...kept }) => (open ? { ...kept, create: true } : kept),
    });
  const creation = role.mayEdit && (
    <Button look="primary" onClick={() => setCreate(true)}>
      {icons.plus} Create topic
    </Button>
  );
  return (
    <>
      <PageHead title="Topics" actions={creation}>
        A topic is a named log of records, cut into partitions that are read side by side.
      </PageHead>
      <Search prefix={prefix ?? ""} />
      <div className="mt-4">
        {list.isPending && <Loading what="topics" rows={6} />}
        {list.isError && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
        {list.data?.items.length === 0 && <NoTopics prefix={prefix} action={creation} />}
        {list.data && list.data.items.length > 0 && (
          <Card>
            <TopicTable topics={list.data.items} />
          </Card>
        )}
      </div>
      <Pager next={list.data?.next} first={cursor === undefined} />
      <Dialog
        open={create === true}
        onClose={() => setCreate(false)}
        title="Create a topic"
        description="It is ready in about a tenth of a second and costs nothing until records are written."
      >
        <TopicForm
          onCancel={() => setCreate(false)}
          onDone={(topic) => void navigate({ to: "/topics/$name", params: { name: topic.name } })}
        />
      </Dialog>
    </>
  );
}

function Search({ prefix }: { prefix: string }) {
  const navigate = useNavigate({ from: "/topics" });
  const [text, setText] = useState(prefix);
  useEffect(() => {
    if (text === prefix) return;
    const timer = setTimeout(
      () => void navigate({ search: text === "" ? {} : { prefix: text }, replace: true }),
      200,
    );
    return () => clearTimeout(timer);
  }, [text, prefix, navigate]);
  return (
    <search className="relative block max-w-sm">
      <label htmlFor="topic-search" className="sr-only">
        Topics whose name starts with
      </label>
      <span className="absolute top-3 left-3 text-muted">{icons.search}</span>
      <input
        id="topic-search"
        type="search"
        placeholder="Name starts with…"
        spellCheck={false}
        autoComplete="off"
        className={`${inputClass} pl-9`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </search>
  );
}

function TopicTable({ topics }: { topics: readonly Topic[] }) {
  const usage = useQuery(usageQuery("topic"));
  const rows = new Map(usage.data?.rows.map((row) => [row.topic, row]));
  return (
    <Table
      caption="Topics"
      head={
        <tr>
          <th scope="col">Name</th>
          <th scope="col">State</th>
          <th scope="col" className="text-right">
            Partitions
          </th>
          <th scope="col" className="text-right">
            Written this month
          </th>
          <th scope="col" className="text-right">
            Read this month
          </th>
          <th scope="col">Created</th>
        </tr>
      }
    >
      {topics.map((topic) => (
        <TopicRow key={topic.id} topic={topic} usage={rows.get(topic.name)} />
      ))}
    </Table>
  );
}

function TopicRow({ topic, usage }: { topic: Topic; usage: UsageRow | undefined }) {
  return (
    <tr>
      <th scope="row" className="max-w-72 font-mono text-[0.8125rem] break-words">
        <Link
          to="/topics/$name"
          params={{ name: topic.name }}
          className="font-medium text-water underline-offset-4 hover:underline"
        >
          {topic.name}
        </Link>
      </th>
      <td>
        <PhaseBadge phase={topic.status.phase} />
      </td>
      <td className="text-right">
        {formatCount(topic.status.partitions ?? topic.spec.partitions)}
      </td>
      <td className="text-right">{formatCount(usage?.recordsWritten ?? "0")}</td>
      <td className="text-right">{formatCount(usage?.recordsRead ?? "0")}</td>
      <td className="text-muted">
        <Time at={topic.createdAt} />
      </td>
    </tr>
  );
}

function NoTopics({ prefix, action }: { prefix: string | undefined; action: React.ReactNode }) {
  if (prefix !== undefined) {
    return (
      <Empty title={`No topic starts with “${prefix}”`}>
        Searching looks at how names start, so a shorter beginning finds more.
      </Empty>
    );
  }
  return (
    <Empty title="No topics yet" action={action}>
      Create one here, with <code className="text-ink">headgate topic create orders</code>, with any
      Kafka admin client, or by one PUT to the REST API. All of them take the same road.
    </Empty>
  );
}

function Pager({ next, first }: { next: string | undefined; first: boolean }) {
  const { prefix } = route.useSearch();
  const kept = prefix ? { prefix } : {};
  if (first && next === undefined) return null;
  return (
    <nav aria-label="Pages of topics" className="mt-4 flex justify-end gap-2">
      {!first && (
        <Link to="/topics" search={kept} className={buttonClass()}>
          First page
        </Link>
      )}
      {next !== undefined && (
        <Link to="/topics" search={{ ...kept, cursor: next }} className={buttonClass()}>
          Next page
        </Link>
      )}
    </nav>
  );
}
