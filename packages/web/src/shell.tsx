// The frame around every page: navigation, who is signed in where, whether the page is live, theme, sign-out.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type AnyRouter, Link, Outlet, useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { formatAbsolute } from "./lib/format.ts";
import { followLive, type LiveState, live } from "./lib/live.ts";
import { whoAmIQuery } from "./lib/queries.ts";
import { signOut } from "./lib/session.ts";
import { chooseTheme, theme, themes } from "./lib/theme.ts";
import { Button } from "./ui/button.tsx";
import { icons, Mark } from "./ui/icons.tsx";
import { PageHead } from "./ui/page.tsx";
import { ProblemNote } from "./ui/states.tsx";

const pages = [
  { to: "/", label: "Start", icon: icons.start },
  { to: "/topics", label: "Topics", icon: icons.topics },
  { to: "/usage", label: "Usage & cost", icon: icons.usage },
  { to: "/keys", label: "API keys", icon: icons.keys },
] as const;

export function Shell() {
  const queries = useQueryClient();
  const router = useRouter();
  useEffect(() => followLive(queries), [queries]);
  useEffect(() => focusOnArrival(router), [router]);
  useEffect(() => preloadPages(router), [router]);
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-20 -translate-y-16 rounded-md bg-water px-4 py-2 font-semibold text-on-water focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="lg:grid lg:min-h-dvh lg:grid-cols-[15.5rem_minmax(0,1fr)]">
        <Rail />
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto w-full max-w-6xl px-4 pt-6 pb-28 outline-none sm:px-8 lg:pt-10 lg:pb-16"
        >
          <Offline />
          <Outlet />
        </main>
      </div>
      <BottomBar />
    </>
  );
}

/** After a change of page a screen reader says where one is, and the keyboard goes on from there. */
function focusOnArrival(router: AnyRouter): () => void {
  return router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
    if (!fromLocation || !pathChanged) return;
    document.querySelector<HTMLElement>("#content h1")?.focus({ preventScroll: true });
  });
}

/** So that every page opens at once, also when Headgate is away by then: a page that cannot load has no way back. */
function preloadPages(router: AnyRouter): void {
  const all = [...pages.map(({ to }) => ({ to })), { to: "/topics/$name", params: { name: "-" } }];
  for (const page of all) void router.preloadRoute(page);
}

function Rail() {
  return (
    <header className="flex items-center justify-between gap-3 border-line border-b bg-surface px-4 py-2.5 lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:justify-start lg:gap-6 lg:border-r lg:border-b-0 lg:px-4 lg:py-6">
      <Brand />
      <nav aria-label="Pages" className="hidden gap-0.5 lg:grid">
        {pages.map((page) => (
          <NavLink
            key={page.to}
            {...page}
            className="flex items-center gap-3 rounded-md px-3 py-2"
          />
        ))}
      </nav>
      <div className="flex items-center gap-2 lg:mt-auto lg:grid lg:gap-4">
        <Where />
        <div className="flex items-center justify-between gap-2">
          <ThemeChoice />
          <button
            type="button"
            aria-label="Sign out"
            title="Sign out"
            onClick={() => signOut()}
            className="grid size-9 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
          >
            {icons.out}
          </button>
        </div>
      </div>
    </header>
  );
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2.5 lg:px-3">
      <span className="text-water">
        <Mark className="size-7" />
      </span>
      <span className="text-lg font-semibold tracking-tight">Headgate</span>
    </Link>
  );
}

function BottomBar() {
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-10 grid grid-cols-4 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {pages.map((page) => (
        <NavLink
          key={page.to}
          {...page}
          className="grid min-h-14 content-center justify-items-center gap-0.5 text-xs"
        />
      ))}
    </nav>
  );
}

function NavLink(props: {
  to: (typeof pages)[number]["to"];
  label: string;
  icon: ReactNode;
  className: string;
}) {
  return (
    <Link
      to={props.to}
      activeOptions={{ exact: props.to === "/", includeSearch: false }}
      className={`font-medium transition-colors ${props.className}`}
      activeProps={{ className: "text-water lg:bg-water-soft", "aria-current": "page" }}
      inactiveProps={{ className: "text-muted hover:text-ink lg:hover:bg-sunken" }}
    >
      {props.icon}
      {props.label}
    </Link>
  );
}

const liveWords: Record<LiveState, readonly [word: string, meaning: string, colour: string]> = {
  connecting: ["Connecting", "The live stream is being opened.", "bg-brass"],
  live: ["Live", "Changes show as they happen.", "bg-moss"],
  polling: ["Polling", "The live stream is down; pages ask every two seconds.", "bg-brass"],
  offline: ["Offline", "Headgate does not answer.", "bg-rust"],
};

/** Which tenant and cluster this is, and whether what is seen is kept current. */
function Where() {
  const { data } = useQuery(whoAmIQuery);
  const [word, meaning, colour] = liveWords[useSyncExternalStore(live.subscribe, live.get)];
  return (
    <div className="flex items-center gap-4 lg:grid lg:gap-2.5 lg:rounded-card lg:bg-sunken lg:p-3">
      <dl className="hidden gap-1.5 text-sm lg:grid">
        <WhereRow name="Cluster" value={data?.cluster} />
        <WhereRow name="Tenant" value={data?.tenant} />
        <WhereRow name="Role" value={data?.role} />
      </dl>
      <p className="flex items-center gap-2 text-sm text-muted" title={meaning}>
        <span aria-hidden="true" className={`size-2 rounded-full ${colour}`} />
        <span className="sr-only">Updates: </span>
        {word}
      </p>
    </div>
  );
}

function WhereRow({ name, value }: { name: string; value: string | undefined }) {
  return (
    <div className="grid grid-cols-[3.5rem_minmax(0,1fr)] gap-1">
      <dt className="text-muted">{name}</dt>
      <dd className="truncate font-mono text-[0.8125rem]" title={value}>
        {value ?? "…"}
      </dd>
    </div>
  );
}

/** While nothing answers: that it is so, and how old what is on screen is. */
function Offline() {
  const state = useSyncExternalStore(live.subscribe, live.get);
  const queries = useQueryClient();
  if (state !== "offline") return null;
  const readAtMs = Math.max(
    0,
    ...queries
      .getQueryCache()
      .getAll()
      .map((q) => q.state.dataUpdatedAt),
  );
  const shown =
    readAtMs > 0
      ? ` What you see was read at ${formatAbsolute(new Date(readAtMs).toISOString())}.`
      : "";
  return (
    <div
      role="alert"
      className="mb-6 flex gap-3 rounded-card border border-rust/45 bg-rust-soft p-4"
    >
      <span className="mt-0.5 text-rust">{icons.alert}</span>
      <p>
        <strong className="font-semibold text-rust">Headgate does not answer.</strong>
        {shown} Check that it runs and that this machine reaches it; this page goes on by itself
        when it does.
      </p>
    </div>
  );
}

export function ThemeChoice() {
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  return (
    <fieldset className="flex rounded-lg bg-sunken p-0.5 ring-1 ring-line">
      <legend className="sr-only">Theme</legend>
      {themes.map((each) => (
        <label
          key={each}
          title={`${each[0]?.toUpperCase()}${each.slice(1)} theme`}
          className="grid size-8 place-items-center rounded-md text-muted has-checked:bg-surface has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-water"
        >
          <input
            type="radio"
            name="theme"
            value={each}
            checked={chosen === each}
            onChange={() => chooseTheme(each)}
            className="sr-only"
          />
          <span className="sr-only">{each}</span>
          {icons[each]}
        </label>
      ))}
    </fieldset>
  );
}

export function NotFound() {
  return (
    <PageHead title="There is no such page">
      <Link to="/" className="text-water underline underline-offset-4">
        Go to the start page
      </Link>
    </PageHead>
  );
}

/** Instead of a page that failed to render. */
export function Broken({ error }: { error: unknown }) {
  return (
    <>
      <PageHead title="This page broke" />
      <ProblemNote error={error} />
      <div className="mt-4">
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </div>
    </>
  );
}
