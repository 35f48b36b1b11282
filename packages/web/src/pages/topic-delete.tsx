// The end of a topic: asked for by its name, and only as it was when it was looked at.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deleteTopic } from "../lib/queries.ts";
import type { Topic } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemNote } from "../ui/states.tsx";

interface Deletion {
  readonly topic: Topic;
  readonly etag: string | undefined;
  readonly onClose: () => void;
}

export function DeleteTopic(props: Deletion & { open: boolean }) {
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={`Delete ${props.topic.name}?`}
      description="All its records are gone for good, and nobody can bring them back. What was written stays on the bill."
    >
      <DeleteForm {...props} />
    </Dialog>
  );
}

function DeleteForm({ topic: { name }, etag, onClose }: Deletion) {
  const [typed, setTyped] = useState("");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteTopic(name, etag),
    onSuccess: async () => {
      await navigate({ to: "/topics" });
      queries.removeQueries({ queryKey: ["topics", "one", name] });
      await queries.invalidateQueries({ queryKey: ["topics"] });
    },
  });
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed === name) remove.mutate();
      }}
    >
      <Field
        label="Type its name to confirm"
        hint={<span className="font-mono text-[0.8125rem] wrap-anywhere">{name}</span>}
        mono
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {remove.isError && <ProblemNote error={remove.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button type="submit" look="danger" disabled={typed !== name} busy={remove.isPending}>
          Delete topic
        </Button>
      </div>
    </form>
  );
}
