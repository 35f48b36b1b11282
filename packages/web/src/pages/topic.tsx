// One topic: what was asked, what is so, how fast it flows, and its end.
import { topicSettings } from "@headgate/core/topic-config";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatCount, formatRate, formatSpan } from "../lib/format.ts";
import { deleteTopic, topicQuery, usageQuery } from "../lib/queries.ts";
import { useRate } from "../lib/rate.ts";
import { useRole } from "../lib/role.ts";
import type { Topic } from "../lib/wire.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Card, Figure, PageHead, Table, Time } from "../ui/page.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { Loading, PhaseBadge, ProblemNote } from "../ui/states.tsx";

const route = getRouteApi("/topics/$name");

export function TopicPage() {
  const { name } = route.useParams();
  const topic = useQuery(topicQuery(name));
  const role = useRole();
  const [deleting, setDeleting] = useState(false);
  const actions = topic.data && (
    <>
      <Link to="/" search={{ topic: name }} className={buttonClass()}>
        Snippets
      </Link>
      {role.mayEdit && <Button onClick={() => setDeleting(true)}>Delete…</Button>}
    </>
  );
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-2 text-sm">
        <Link to="/topics" className="text-water underline-offset-4 hover:underline">
          Topics
        </Link>
        <span className="text-muted"> / </span>
      </nav>
      <PageHead title={name} actions={actions}>
        {topic.data && (
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <PhaseBadge phase={topic.data.body.status.phase} />
            <span>
              created <Time at={topic.data.body.createdAt} both />
            </span>
          </span>
        )}
      </PageHead>
      {topic.isPending && <Loading what="the topic" />}
      {topic.isError && <ProblemNote error={topic.error} onRetry={() => void topic.refetch()} />}
      {topic.data && <TopicBody topic={topic.data.body} />}
      {topic.data && (
        <DeleteDialog
          open={deleting}
          onClose={() => setDeleting(false)}
          topic={topic.data.body}
          etag={topic.data.etag}
        />
      )}
    </>
  );
}

function TopicBody({ topic }: { topic: Topic }) {
  return (
    <div className="grid gap-4">
      {topic.status.phase !== "Ready" &&
        topic.status.conditions.map((condition) => (
          <p key={condition.type} className="rounded-card bg-brass-soft p-4">
            {condition.message || condition.reason}
          </p>
        ))}
      <Flow name={topic.name} />
      <Partitions topic={topic} />
      <Settings topic={topic} />
    </div>
  );
}

function Flow({ name }: { name: string }) {
  const usage = useQuery(usageQuery("topic"));
  const row = usage.data?.rows.find((one) => one.topic === name);
  const rate = useRate(
    usage.data && Number(row?.recordsWritten ?? 0),
    usage.data && Number(row?.recordsRead ?? 0),
    usage.dataUpdatedAt,
  );
  return (
    <Card title="Flow" aside="records, live">
      <div className="grid items-end gap-5 sm:grid-cols-[auto_1fr]">
        <dl className="grid grid-cols-2 gap-x-8 gap-y-4">
          <Figure name="Written per second" value={formatRate(rate.written)} />
          <Figure name="Read per second" value={formatRate(rate.read)} />
          <Figure name="Written this month" value={formatCount(row?.recordsWritten ?? "0")} />
          <Figure name="Read this month" value={formatCount(row?.recordsRead ?? "0")} />
        </dl>
        <Sparkline values={rate.history} label="Records written per second, the last two minutes" />
      </div>
    </Card>
  );
}

function Partitions({ topic }: { topic: Topic }) {
  const there = topic.status.partitions ?? 0;
  const numbers = Array.from({ length: Math.min(topic.spec.partitions, 200) }, (_, n) => n);
  return (
    <Card
      title="Partitions"
      aside={`${formatCount(there)} of ${formatCount(topic.spec.partitions)} there`}
    >
      <ul aria-label="Partitions" className="flex flex-wrap gap-1.5">
        {numbers.map((number) => (
          <li
            key={number}
            className={`min-w-9 rounded px-2 py-1 text-center font-mono text-xs ${number < there ? "bg-water-soft text-ink" : "bg-sunken text-muted"}`}
          >
            {number}
            <span className="sr-only">{number < there ? ", ready" : ", being created"}</span>
          </li>
        ))}
        {topic.spec.partitions > numbers.length && (
          <li className="px-2 py-1 text-sm text-muted">
            and {formatCount(topic.spec.partitions - numbers.length)} more
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

function Settings({ topic }: { topic: Topic }) {
  const [all, setAll] = useState(false);
  const set = Object.keys(topic.spec.config);
  const names = all ? Object.keys(topicSettings) : set;
  const toggle = (
    <button
      type="button"
      aria-expanded={all}
      onClick={() => setAll(!all)}
      className="text-water underline underline-offset-4"
    >
      {all ? "Only what is set" : "All settings"}
    </button>
  );
  return (
    <Card title="Settings" aside={toggle}>
      {names.length === 0 && (
        <p className="text-muted">Nothing is set: every setting has its default.</p>
      )}
      {names.length > 0 && (
        <Table
          caption="Settings of the topic"
          head={
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">Set by</th>
              <th scope="col">Meaning</th>
            </tr>
          }
        >
          {names.map((name) => (
            <SettingRow key={name} name={name} topic={topic} />
          ))}
        </Table>
      )}
    </Card>
  );
}

function SettingRow({ name, topic }: { name: string; topic: Topic }) {
  const value = topic.spec.config[name];
  const manager = topic.managedBy[`/spec/config/${name}`] ?? topic.managedBy[`/config/${name}`];
  return (
    <tr>
      <th scope="row" className="font-mono text-[0.8125rem] whitespace-nowrap">
        {name}
      </th>
      <td className="font-mono text-[0.8125rem] whitespace-nowrap">
        {value ?? <span className="font-sans text-muted">default</span>}
        {value !== undefined && name.endsWith(".ms") && /^-?\d+$/.test(value) && (
          <span className="font-sans text-muted"> ({formatSpan(value)})</span>
        )}
      </td>
      <td className="whitespace-nowrap text-muted">
        {value === undefined ? "—" : (manager ?? "you")}
      </td>
      <td className="min-w-56 text-muted">{topicSettings[name]?.description}</td>
    </tr>
  );
}

function DeleteDialog(props: {
  open: boolean;
  onClose: () => void;
  topic: Topic;
  etag: string | undefined;
}) {
  const { topic, etag } = props;
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteTopic(topic.name, etag),
    onSuccess: async () => {
      await navigate({ to: "/topics" });
      queries.removeQueries({ queryKey: ["topics", "one", topic.name] });
      await queries.invalidateQueries({ queryKey: ["topics"] });
    },
  });
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={`Delete ${topic.name}?`}
      description="All its records are gone for good, and nobody can bring them back. What was written stays on the bill."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === topic.name) remove.mutate();
        }}
      >
        <Field
          label={`Type ${topic.name} to confirm`}
          mono
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {remove.isError && <ProblemNote error={remove.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Keep it</Button>
          <Button
            type="submit"
            look="danger"
            disabled={typed !== topic.name}
            busy={remove.isPending}
          >
            Delete topic
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
