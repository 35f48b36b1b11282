// Pages by address. What a page filters by stands in its address, so that it can be sent to a colleague.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { Broken, NotFound, Shell } from "./shell.tsx";

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const oneOf = <T extends string>(value: unknown, allowed: readonly T[]) =>
  allowed.find((one) => one === value);
const given = <T extends object>(search: T) =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const startRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: (search) => given({ topic: text(search.topic) }),
  component: lazyRouteComponent(() => import("./pages/start.tsx"), "StartPage"),
});

const topicsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/topics",
  validateSearch: (search) =>
    given({
      prefix: text(search.prefix),
      cursor: text(search.cursor),
      create: oneOf(search.create, ["yes"]),
    }),
  component: lazyRouteComponent(() => import("./pages/topics.tsx"), "TopicsPage"),
});

const topicRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/topics/$name",
  component: lazyRouteComponent(() => import("./pages/topic.tsx"), "TopicPage"),
});

const usageRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/usage",
  validateSearch: (search) =>
    given({
      range: oneOf(search.range, ["7d"]),
      by: oneOf(search.by, ["serviceAccount"]),
      view: oneOf(search.view, ["table"]),
    }),
  component: lazyRouteComponent(() => import("./pages/usage.tsx"), "UsagePage"),
});

const keysRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/keys",
  validateSearch: (search) => given({ cursor: text(search.cursor) }),
  component: lazyRouteComponent(() => import("./pages/keys.tsx"), "KeysPage"),
});

const routeTree = rootRoute.addChildren([
  startRoute,
  topicsRoute,
  topicRoute,
  usageRoute,
  keysRoute,
]);

export function createAppRouter() {
  return createRouter({
    routeTree,
    // All of it is text: a topic called 123 is no number.
    parseSearch: (query) => Object.fromEntries(new URLSearchParams(query)),
    stringifySearch: (search) => {
      const query = new URLSearchParams(given(search) as Record<string, string>).toString();
      return query === "" ? "" : `?${query}`;
    },
    defaultPreload: "intent",
    defaultErrorComponent: Broken,
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
