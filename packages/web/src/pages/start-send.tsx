// The third step: a program in the reader's language, with the reader's own address, topic and key in it.
import { Tabs } from "@base-ui/react/tabs";
import { type Snippet, type SnippetInput, snippets } from "@headgate/core/snippets";
import { useQuery } from "@tanstack/react-query";
import { clusterQuery, whoAmIQuery } from "../lib/queries.ts";
import type { Credentials } from "../lib/session.ts";
import { Code, Command } from "../ui/copy.tsx";
import { Loading, Read } from "../ui/states.tsx";

export function SendStep({ topic, apiKey }: { topic: string; apiKey: Credentials | undefined }) {
  const me = useQuery(whoAmIQuery);
  const name = me.data?.cluster;
  const cluster = useQuery({ ...clusterQuery(name ?? ""), enabled: name !== undefined });
  const loading = <Loading what="the cluster's address" rows={2} />;
  return (
    <Read query={cluster} loading={loading}>
      {({ name: clusterName, status: { bootstrap } }) =>
        bootstrap === undefined ? (
          loading
        ) : (
          <SnippetTabs
            input={{
              api: location.origin,
              bootstrap,
              cluster: clusterName,
              topic,
              key: apiKey ?? { id: "YOUR_KEY_ID", secret: "YOUR_SECRET" },
              tls: location.protocol === "https:",
            }}
          />
        )
      }
    </Read>
  );
}

function SnippetTabs({ input }: { input: SnippetInput }) {
  const all = snippets(input);
  return (
    <Tabs.Root defaultValue={all[0]?.id}>
      <Tabs.List
        aria-label="Language"
        className="mb-3 flex gap-1 overflow-x-auto border-line border-b"
      >
        {all.map((snippet) => (
          <Tabs.Tab
            key={snippet.id}
            value={snippet.id}
            className="-mb-px border-transparent border-b-2 px-3 py-2 text-sm font-medium whitespace-nowrap text-muted -outline-offset-2 hover:text-ink data-active:border-water data-active:text-ink"
          >
            {snippet.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map((snippet) => (
        <Tabs.Panel key={snippet.id} value={snippet.id} className="grid gap-2">
          <SnippetPanel snippet={snippet} />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}

function SnippetPanel({ snippet }: { snippet: Snippet }) {
  const { label, install, file, run, note, code } = snippet;
  return (
    <>
      {install && <Command name="Install" command={install} />}
      {note && <p className="text-sm text-muted">{note}</p>}
      <Code code={code} file={file ?? "In a shell"} what={`${label} snippet`} />
      {run && <Command name="Run" command={run} />}
    </>
  );
}
