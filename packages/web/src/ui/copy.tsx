// What is there to be copied: code, commands, secrets.
import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { icons } from "./icons.tsx";

type Copied = "idle" | "copied" | "refused";
const words: Record<Copied, string> = { idle: "Copy", copied: "Copied", refused: "Select it" };

/** Copies; says that it did for two seconds. */
function useCopy(text: string): readonly [Copied, () => void] {
  const [state, setState] = useState<Copied>("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    void copyText(text).then(
      () => setState("copied"),
      () => setState("refused"),
    );
  return [state, copy];
}

/** Copies `text`; `what` names it for screen readers. Says that it did, to eyes and ears. */
function CopyButton(props: { text: string; what: string; look?: "quiet" | "code" }) {
  const { text, what, look = "quiet" } = props;
  const [state, copy] = useCopy(text);
  return (
    <Button look={look} onClick={copy} aria-label={`${words[state]} ${what}`} className="min-w-24">
      {state === "copied" ? icons.check : icons.copy}
      <span aria-live="polite">{words[state]}</span>
    </Button>
  );
}

/** The clipboard API exists only in secure contexts; a plain-http host name needs the old way. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser refused to copy");
}

/** A block of code under its file name, with its copy button. Scrolls by keyboard. */
export function Code({ code, file, what }: { code: string; file: string; what: string }) {
  return (
    <div className="overflow-hidden rounded-card bg-code text-on-code">
      <div className="flex items-center justify-between gap-4 border-on-code/15 border-b py-2 pr-2 pl-4">
        <span className="font-mono text-[0.8125rem] text-code-dim">{file}</span>
        <CopyButton look="code" text={code} what={what} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (WCAG 2.1.1) */}
      <section tabIndex={0} aria-label={what} className="overflow-x-auto p-4 -outline-offset-2">
        <pre className="text-[0.8125rem] leading-relaxed">
          <code>{code}</code>
        </pre>
      </section>
    </div>
  );
}

/** A command of one line with a small copy button: `Install  npm install kafkajs`. */
export function Command({ name, command }: { name: string; command: string }) {
  const [state, copy] = useCopy(command);
  return (
    <p className="flex items-center gap-3 text-sm">
      <span className="w-12 shrink-0 text-muted">{name}</span>
      <code className="min-w-0 text-[0.8125rem] wrap-anywhere select-all">{command}</code>
      <button
        type="button"
        onClick={copy}
        aria-label={`${words[state]} ${command}`}
        className="grid size-8 shrink-0 place-items-center rounded-md text-muted hover:bg-line/60 hover:text-ink"
      >
        {state === "copied" ? icons.check : icons.copy}
      </button>
    </p>
  );
}

/** A secret that is on screen this once. */
export function OneTimeSecret({ id, secret }: { id: string; secret: string }) {
  return (
    <div className="grid gap-3 rounded-card border border-brass/50 bg-brass-soft p-4">
      <dl className="grid gap-3">
        <SecretRow name="Key id" value={id} />
        <SecretRow name="Secret" value={secret} />
      </dl>
      <p className="text-sm">
        <strong className="font-semibold">Copy the secret now.</strong> It is shown this once; only
        a fingerprint of it is kept.
      </p>
    </div>
  );
}

function SecretRow({ name, value }: { name: string; value: string }) {
  return (
    <div className="grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-0.5">
      <dt className="col-span-2 text-xs text-muted">{name}</dt>
      <dd className="min-w-0 font-mono text-[0.8125rem] break-all">{value}</dd>
      <dd>
        <CopyButton text={value} what={name.toLowerCase()} />
      </dd>
    </div>
  );
}
