// All topics of the cluster: searched by how their names start, a page at a time, created in place.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { formatCount } from "../lib/format.ts";
import { monthUsageQuery, topicsQuery } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import type { Topic, UsageRow } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { inputClass } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { Card, PageHead, Table, Time } from "../ui/page.tsx";
import { Pager } from "../ui/pager.tsx";
import { Empty, Loading, PhaseBadge, Read } from "../ui/states.tsx";
import { TopicForm } from "./topic-form.tsx";

const route = getRouteApi("/topics");

export function TopicsPage() {
  const { create } = route.useSearch();
  const navigate = useNavigate({ from: "/topics" });
  const { mayEdit } = useRole();
  const setCreate = (open: boolean) =>
    void navigate({
      search: ({ create: _, ...kept }) => (open ? { ...kept, create: "yes" } : kept),
    });
  const creation = mayEdit && (
    <Button look="primary" onClick={() => setCreate(true)}>
      {icons.plus} Create topic
    </Button>
  );
  return (
    <>
      <PageHead title="Topics" actions={creation}>
        A topic is a named log of records, cut into partitions that are read side by side.
      </PageHead>
      <Search />
      <List action={creation} />
      <Dialog
        open={create !== undefined}
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

/** What is typed goes into the address a moment after; what comes from there (Back, a link) into the field at once. */
function Search() {
  const { prefix = "" } = route.useSearch();
  const navigate = useNavigate({ from: "/topics" });
  const [text, setText] = useState(prefix);
  const [asked, setAsked] = useState(prefix);
  if (prefix !== asked) {
    setAsked(prefix);
    setText(prefix);
  }
  useEffect(() => {
    const next = text.trim();
    if (next === asked) return;
    const timer = setTimeout(() => {
      setAsked(next);
      void navigate({ search: next === "" ? {} : { prefix: next }, replace: true });
    }, 200);
    return () => clearTimeout(timer);
  }, [text, asked, navigate]);
  return (
    <search className="relative mb-4 block max-w-sm">
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

/** What a name is made of; nothing else needs to be asked for, and the server would refuse it. */
const namePrefix = /^[a-zA-Z0-9._-]{0,249}$/;

function List({ action }: { action: ReactNode }) {
  const { prefix, cursor } = route.useSearch();
  const isPossible = namePrefix.test(prefix ?? "");
  const list = useQuery({
    ...topicsQuery({ prefix, cursor }),
    enabled: isPossible,
    placeholderData: keepPreviousData,
  });
  if (!isPossible) return <NothingFound prefix={prefix!} />;
  const kept = prefix ? { prefix } : {};
  const next = list.data?.next;
  return (
    <>
      <Read query={list} loading={<Loading what="topics" rows={8} />}>
        {({ items }) => {
          if (items.length > 0) return <TopicTable topics={items} isOld={list.isPlaceholderData} />;
          if (prefix !== undefined) return <NothingFound prefix={prefix} />;
          return cursor === undefined ? (
            <NoTopics action={action} />
          ) : (
            <Empty title="No more topics">Those of this page were deleted meanwhile.</Empty>
          );
        }}
      </Read>
      <Pager
        label="Pages of topics"
        first={cursor === undefined ? undefined : { to: "/topics", search: kept }}
        next={next === undefined ? undefined : { to: "/topics", search: { ...kept, cursor: next } }}
      />
    </>
  );
}

/** `isOld`: these are of the page before, while the next is on its way. */
function TopicTable({ topics, isOld }: { topics: readonly Topic[]; isOld: boolean }) {
  const usage = useQuery(monthUsageQuery("topic"));
  const rows = new Map(usage.data?.rows.map((row) => [row.topic, row]));
  return (
    <Card>
      <div aria-busy={isOld} className={`transition-opacity ${isOld ? "opacity-60" : ""}`}>
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
      </div>
    </Card>
  );
}

function TopicRow({ topic, usage }: { topic: Topic; usage: UsageRow | undefined }) {
  return (
    <tr>
      <th
        scope="row"
        className="min-w-48 max-w-md font-mono text-[0.8125rem] leading-snug wrap-anywhere"
      >
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
      <Amount of={usage?.recordsWritten ?? "0"} />
      <Amount of={usage?.recordsRead ?? "0"} />
      <td className="text-muted">
        <Time at={topic.createdAt} />
      </td>
    </tr>
  );
}

/** Nothing is grey, so that what flows stands out. */
function Amount({ of }: { of: string }) {
  return <td className={`text-right ${of === "0" ? "text-muted" : ""}`}>{formatCount(of)}</td>;
}

function NothingFound({ prefix }: { prefix: string }) {
  return (
    <Empty title={`No topic starts with “${prefix}”`}>
      Searching looks at how names start, so a shorter beginning finds more.
    </Empty>
  );
}

function NoTopics({ action }: { action: ReactNode }) {
  return (
    <Empty title="No topics yet" action={action}>
      Create one here, with <code className="text-ink">headgate topic create orders</code>, with any
      Kafka admin client, or by one PUT to the REST API. All of them take the same road.
    </Empty>
  );
}
