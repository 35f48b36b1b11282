// A topic's settings: what was set and by whom, and on request all there are.
import { topicSettings } from "@headgate/core/topic-config";
import { useState } from "react";
import { formatSpan } from "../lib/format.ts";
import type { Topic } from "../lib/wire.ts";
import { Card, Table } from "../ui/page.tsx";

export function TopicSettings({ topic }: { topic: Topic }) {
  const [all, setAll] = useState(false);
  const names = Object.keys(all ? topicSettings : topic.spec.config);
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
      {names.length === 0 ? (
        <p className="text-muted">Nothing is set: every setting has its default.</p>
      ) : (
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
  const isTime = value !== undefined && name.endsWith(".ms") && /^-?\d+$/.test(value);
  return (
    <tr>
      <th scope="row" className="font-mono text-[0.8125rem] whitespace-nowrap">
        {name}
      </th>
      <td className="font-mono text-[0.8125rem] whitespace-nowrap">
        {value ?? <span className="font-sans text-muted">default</span>}
        {isTime && <span className="font-sans text-muted"> ({formatSpan(value)})</span>}
      </td>
      <td className="whitespace-nowrap text-muted">{topic.managedBy[`/config/${name}`] ?? "—"}</td>
      <td className="min-w-56 text-muted">{topicSettings[name]?.description}</td>
    </tr>
  );
}
