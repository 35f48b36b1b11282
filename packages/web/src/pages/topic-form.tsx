// Creating a topic: the fields, what the server says of each, and the settings most people want to see at birth.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiProblem } from "../lib/client.ts";
import { createTopic } from "../lib/queries.ts";
import { nameFault, topicFaults } from "../lib/topic-faults.ts";
import type { Topic, TopicSpec } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Field, SelectField } from "../ui/field.tsx";
import { ProblemNote } from "../ui/states.tsx";
import { type Extra, Extras } from "./topic-form-extras.tsx";

const retentions = [
  ["", "7 days (default)"],
  ["3600000", "1 hour"],
  ["86400000", "1 day"],
  ["2592000000", "30 days"],
  ["-1", "For ever"],
] as const;

/** Calls `onDone` with the topic as the server answered it. */
export function TopicForm(props: { onDone: (topic: Topic) => void; onCancel: () => void }) {
  const [name, setName] = useState("");
  const [missing, setMissing] = useState<string>();
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
  const form = useFocusOnFault(missing ?? create.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fault = nameFault(name);
    setMissing(fault);
    if (fault === undefined) create.mutate();
  };
  const faults = topicFaults(create.error);
  return (
    <form ref={form} onSubmit={submit} noValidate className="grid gap-4">
      <Field
        label="Name"
        mono
        required
        autoComplete="off"
        spellCheck={false}
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={missing ?? faults.name}
        hint="Letters, digits, dots, underscores, hyphens. It cannot be changed later."
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="Partitions"
          inputMode="numeric"
          autoComplete="off"
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
      {faults.isOther && <ProblemNote error={create.error} />}
      {create.error instanceof ApiProblem && !faults.isOther && (
        <p className="text-sm text-muted">
          {create.error.problem.fix} Request id{" "}
          <code className="text-ink select-all">{create.error.problem.requestId}</code>
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

/** Puts the focus into the first field that something is wrong with, each time something new is. */
function useFocusOnFault(fault: unknown) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (fault == null) return;
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [fault]);
  return form;
}

function specOf(
  partitions: string,
  retention: string,
  extras: readonly Extra[],
): Partial<TopicSpec> {
  const config: Record<string, string> = {};
  if (retention !== "") config["retention.ms"] = retention;
  for (const { name, value } of extras) config[name] = value.trim();
  // What is no number goes as it is: the server says what is wrong with it, in one place for all clients.
  const isNumber = /^\d{1,15}$/.test(partitions.trim());
  return { partitions: isNumber ? Number(partitions) : (partitions as unknown as number), config };
}
