// Starts the portal: with a key, kept or from the address, the pages; without one, the way to sign in. Another key
// starts over, since it may be another tenant's.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useState, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import "./app.css";
import { ApiProblem } from "./lib/client.ts";
import { restoreSession, session, takeKeyFromAddress } from "./lib/session.ts";
import { SignIn } from "./pages/sign-in.tsx";
import { createAppRouter } from "./router.tsx";

restoreSession();
// A portal link with a key, opened in a tab that is already here, changes nothing but the fragment.
addEventListener("hashchange", takeKeyFromAddress);

const router = createAppRouter();

function App() {
  const key = useSyncExternalStore(session.subscribe, session.get);
  if (!key) return <SignIn />;
  // A new key may be another tenant: nothing read before is kept.
  return <SignedIn key={key.id} />;
}

function SignedIn() {
  const [queries] = useState(createQueries);
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}

function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Whether this machine is online says nothing of a Headgate that runs on it.
        networkMode: "always",
        staleTime: 1000,
        // Nothing answers (0): polling tries again soon enough, and says so meanwhile.
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiProblem && [502, 503].includes(error.problem.status),
      },
      mutations: { networkMode: "always" },
    },
  });
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
