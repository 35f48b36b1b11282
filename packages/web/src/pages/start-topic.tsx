// The first step: one field, and what a topic gets when nothing more is said.
import { type UseQueryResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Answer, ApiProblem } from "../lib/client.ts";
import { createTopic } from "../lib/queries.ts";
import { useRole } from "../lib/role.ts";
import { nameFault, topicFaults } from "../lib/topic-faults.ts";
import type { Topic } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Loading, ProblemNote, Read } from "../ui/states.tsx";

/** `name`: the topic there is, or undefined to make one. */
export function TopicStep(props: {
  name: string | undefined;
  topic: UseQueryResult<Answer<Topic>>;
}) {
  const { mayEdit } = useRole();
  const isGone =
    props.topic.error instanceof ApiProblem && props.topic.error.problem.status === 404;
  if (props.name === undefined || isGone) {
    return mayEdit ? (
      <NewTopic name={props.name ?? "orders"} />
    ) : (
      <p className="text-muted">
        There is no topic, and your role may not create one. Ask for a key with the role developer.
      </p>
    );
  }
  return (
    <Read query={props.topic} loading={<Loading what="the topic" rows={1} />}>
      {({ body: { name, status } }) => (
        <p className="text-muted">
          {status.phase === "Ready" ? "Ready: " : `${status.phase}: `}
          <Link
            to="/topics/$name"
            params={{ name }}
            className="font-mono text-[0.875rem] wrap-anywhere text-water underline-offset-4 hover:underline"
          >
            {name}
          </Link>
        </p>
      )}
    </Read>
  );
}

function NewTopic(props: { name: string }) {
  const [name, setName] = useState(props.name);
  const [missing, setMissing] = useState<string>();
  const navigate = useNavigate({ from: "/" });
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createTopic(name.trim(), {}),
    onSuccess: async (topic) => {
      await queries.invalidateQueries({ queryKey: ["topics"] });
      await navigate({ search: { topic: topic.name }, replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const fault = nameFault(name);
    setMissing(fault);
    if (fault === undefined) create.mutate();
  };
  const faults = topicFaults(create.error);
  return (
    <form onSubmit={submit} noValidate className="grid max-w-xl gap-3">
      <div className="flex flex-wrap items-start gap-3">
        <Field
          label="Topic name"
          mono
          spellCheck={false}
          autoComplete="off"
          className="min-w-52 flex-1"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={missing ?? faults.name}
          hint="3 partitions, records kept for 7 days. Both can change."
        />
        <Button type="submit" look="primary" busy={create.isPending} className="mt-6.5 min-h-10">
          Create topic
        </Button>
      </div>
      {create.isError && faults.name === undefined && <ProblemNote error={create.error} />}
    </form>
  );
}
