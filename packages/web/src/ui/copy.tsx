import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { icons } from "./icons.tsx";

/** Copies `text`; `what` names it for screen readers. Says that it did, to eyes and ears. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () =>
    copyText(text).then(
      () => setState("copied"),
      () => setState("refused"),
    );
  const label = { idle: "Copy", copied: "Copied", refused: "Select and copy by hand" }[state];
  return (
    <Button onClick={() => void copy()} aria-label={state === "idle" ? `Copy ${what}` : label}>
      {state === "copied" ? icons.check : icons.copy}
      <span aria-live="polite">{label}</span>
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

/** A block of code with its copy button. Scrolls by keyboard. */
export function Code({ code, what }: { code: string; what: string }) {
  return (
    <div className="relative rounded-card bg-code text-on-code">
      <div className="absolute top-2 right-2 hidden sm:block">
        <CopyButton text={code} what={what} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (WCAG 2.1.1) */}
      <section tabIndex={0} aria-label={what} className="overflow-x-auto rounded-card p-4 sm:pr-28">
        <pre className="text-[0.8125rem] leading-relaxed">
          <code>{code}</code>
        </pre>
      </section>
      <div className="px-4 pb-4 sm:hidden">
        <CopyButton text={code} what={what} />
      </div>
    </div>
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
