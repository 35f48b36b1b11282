// Creating a topic: the fields, what the server says of each, and the settings most people want to see at birth.
import { topicSettings } from "@headgate/core/topic-config";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiProblem } from "../lib/client.ts";
import { createTopic } from "../lib/queries.ts";
import type { Topic } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Field, inputClass, SelectField } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";
import { ProblemNote } from "../ui/states.tsx";

const retentions = [
  ["", "7 days (default)"],
  ["3600000", "1 hour"],
  ["86400000", "1 day"],
  ["2592000000", "30 days"],
  ["-1", "For ever"],
] as const;

interface Extra {
  readonly row: number;
  readonly name: string;
  readonly value: string;
}

/** Calls `onDone` with the topic as the server answered it. */
export function TopicForm(props: { onDone: (topic: Topic) => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [partitions, setPartitions] = useState("3");
  const [retention, setRetention] = useState("");
  const [extras, setExtras] = useState<readonly Extra[]>([]);
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createTopic(name.trim(), specOf(partitions, retention, extras)),
    onSuccess: (topic) => {
      void queries.invalidateQueries({ queryKey: ["topics"] });
      props.onDone(topic);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const faults = faultsOf(create.error);
  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      <Field
        label="Name"
        mono
        required
        autoFocus
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={faults.name}
        hint="Letters, digits, dots, underscores, hyphens. It cannot be changed later."
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Partitions"
          inputMode="numeric"
          value={partitions}
          onChange={(event) => setPartitions(event.target.value)}
          error={faults.partitions}
          hint="Can be raised later, never lowered."
        />
        <SelectField
          label="Keep records for"
          options={retentions}
          value={retention}
          onChange={(event) => setRetention(event.target.value)}
          error={faults.config("retention.ms")}
        />
      </div>
      <Extras extras={extras} onChange={setExtras} faultOf={faults.config} />
      {faults.other && <ProblemNote error={create.error} />}
      {!faults.other && create.error instanceof ApiProblem && (
        <p className="text-sm text-muted">
          {create.error.problem.fix} Request id{" "}
          <code className="select-all">{create.error.problem.requestId}</code>
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2 pt-1">
        <Button onClick={props.onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create topic
        </Button>
      </div>
    </form>
  );
}

function Extras(props: {
  extras: readonly Extra[];
  onChange: (extras: readonly Extra[]) => void;
  faultOf: (setting: string) => string | undefined;
}) {
  const { extras, onChange } = props;
  const names = Object.keys(topicSettings).filter((name) => name !== "retention.ms");
  const add = () => {
    const unused = names.find((name) => !extras.some((extra) => extra.name === name));
    if (unused)
      onChange([...extras, { row: (extras.at(-1)?.row ?? 0) + 1, name: unused, value: "" }]);
  };
  const set = (row: number, change: Partial<Extra>) =>
    onChange(extras.map((extra) => (extra.row === row ? { ...extra, ...change } : extra)));
  return (
    <div className="grid gap-3">
      {extras.map(({ row, name, value }) => (
        <div key={row} className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2">
          <div className="grid gap-2 sm:grid-cols-2">
            <div className="grid content-start gap-1.5">
              <label htmlFor={`setting-${row}`} className="text-sm font-medium">
                Setting
              </label>
              <select
                id={`setting-${row}`}
                className={`${inputClass} font-mono text-sm`}
                value={name}
                onChange={(event) => set(row, { name: event.target.value })}
              >
                {names.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </div>
            <Field
              label="Value"
              mono
              value={value}
              onChange={(event) => set(row, { value: event.target.value })}
              error={props.faultOf(name)}
              hint={topicSettings[name]?.description}
            />
          </div>
          <button
            type="button"
            aria-label={`Remove setting ${name}`}
            onClick={() => onChange(extras.filter((extra) => extra.row !== row))}
            className="mt-7 grid size-9 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
          >
            {icons.close}
          </button>
        </div>
      ))}
      <div>
        <Button look="bare" onClick={add} className="-ml-2.5 px-2.5">
          {icons.plus} Add a setting
        </Button>
      </div>
    </div>
  );
}

function specOf(partitions: string, retention: string, extras: readonly Extra[]) {
  const config: Record<string, string> = {};
  if (retention !== "") config["retention.ms"] = retention;
  for (const { name, value } of extras) config[name] = value.trim();
  // What is not a number goes as it is: the server says what is wrong with it, in one place for all clients.
  return {
    partitions: /^\d{1,15}$/.test(partitions.trim()) ? Number(partitions) : partitions,
    config,
  } as {
    partitions: number;
    config: Record<string, string>;
  };
}

/** Problem → text per field; `other` when the problem is about no field of this form. */
function faultsOf(error: unknown) {
  const problem = error instanceof ApiProblem ? error : undefined;
  const code = problem?.problem.code;
  const own = problem?.problem.detail ?? problem?.problem.title;
  const aboutName =
    code === "topic.name_invalid" || code === "resource.exists" || code === "resource.deleting";
  const name = problem?.field("/name") ?? (aboutName ? own : undefined);
  const partitions = problem?.field("/spec/partitions");
  const config = (setting: string) => problem?.field(`/spec/config/${setting}`);
  const known =
    name ??
    partitions ??
    problem?.problem.errors?.find((e) => e.pointer.startsWith("/spec/config/"));
  return { name, partitions, config, other: error != null && known === undefined };
}
