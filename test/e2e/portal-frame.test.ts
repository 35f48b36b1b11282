// What holds on every page of the portal: who may come in, who can use it (axe, keyboard, width, time zone), and what
// is shown while the API or its live stream is away.
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Key, portalSuite, soon } from "../support/browser.ts";
import { read } from "../support/chromium.ts";

/** As long as names get, and nowhere a line may end by itself. */
const longName = "unbreakable_topic_name_".repeat(11).slice(0, 238);

portalSuite(({ open, tenant, service, crash }) => {
  const rest = (key: Key, method: string, path: string, body?: object) =>
    service().rest(method, path, {
      key,
      headers: { prefer: "wait=10" },
      ...(body === undefined ? {} : { body }),
    });
  const accountKey = async (owner: Key, name: string, role: string): Promise<Key> => {
    await rest(owner, "PUT", `/v1/service-accounts/${name}`, { spec: { role } });
    return (await rest(owner, "POST", `/v1/service-accounts/${name}/keys`, {})).body;
  };

  test("a key that is none, or wrong, is told with its fix; the right one, pasted whole, opens the page asked for", async () => {
    const key = await tenant();
    const { page, problems } = await open({ path: "usage" });
    await page.getByLabel("Key id").fill("admin");
    await page.getByLabel("Secret").fill("geheim ü");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("A key id begins with ak_").waitFor();
    await page.getByText("A secret begins with hgs_").waitFor();
    expect(problems()).toEqual([]);
    await page.getByLabel("Key id").fill(key.id);
    await page.getByLabel("Secret").fill("hgs_0000");
    await page.getByRole("button", { name: "Sign in" }).click();
    const alert = await read(page.getByRole("alert"));
    expect(alert).toContain("The key or its secret is wrong, or the key was revoked.");
    expect(alert).toContain("Check the key id and secret, or make a new key.");
    expect(alert).toMatch(/Request id req_\w+/);
    await page.getByLabel("Key id").fill("");
    await page.evaluate(`navigator.clipboard.writeText(" ${key.id}:${key.secret}\\n")`);
    await page.getByLabel("Key id").press("ControlOrMeta+V");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Usage & cost" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Usage & cost" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain(key.secret);
  });

  test("a link leaves no key in the address bar, also a link whose key was cut short", async () => {
    const key = await tenant();
    const { page } = await open({ key, path: "topics" });
    await page.getByRole("heading", { name: "Topics", exact: true }).waitFor();
    expect(page.url()).toBe(`${service().ready.portal}topics`);
    await page.goto(`${service().ready.portal}topics#key=ak_abc`);
    await page.getByText("The key in the link is not whole.").waitFor();
    expect(page.url()).toBe(`${service().ready.portal}topics`);
    // Nobody is signed in any more: another broken link still gets an answer, not a page that broke.
    await page.getByLabel("Key id").fill("ak_0");
    await page.goto(`${service().ready.portal}topics#key=%E0%A4%A`);
    await page.getByText("The key in the link is not whole.").waitFor();
    expect(page.url()).toBe(`${service().ready.portal}topics`);
  });

  test("a key revoked elsewhere ends the session at once, and says why", async () => {
    const owner = await tenant();
    const key = await accountKey(owner, "short-lived", "developer");
    const { page } = await open({ key });
    await page.getByText("Updates: Live").waitFor();
    await rest(owner, "DELETE", `/v1/service-accounts/short-lived/keys/${key.id}`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    const said = await read(page.getByRole("status"));
    expect(said).toContain("You were signed out.");
    expect(said).toContain("the key was revoked");
  });

  test("who may not change something is not offered it, and can still use the snippets", async () => {
    const owner = await tenant();
    await rest(owner, "PUT", "/v1/topics/orders", { spec: { partitions: 1 } });
    const key = await accountKey(owner, "watcher", "viewer");
    const { page, problems } = await open({ key, path: "topics/orders" });
    await page.getByRole("link", { name: "Snippets" }).waitFor();
    expect(await page.getByRole("button", { name: "Delete…" }).count()).toBe(0);
    await page.getByRole("link", { name: "Snippets" }).click();
    await page.getByRole("button", { name: "Use the key I signed in with" }).click();
    expect(await page.getByRole("button", { name: "Make a key" }).count()).toBe(0);
    expect(await read(page.getByRole("tabpanel").locator("pre"))).toContain(key.secret);
    await page.getByRole("link", { name: "Topics", exact: true }).click();
    await page.getByRole("rowheader", { name: "orders" }).waitFor();
    expect(await page.getByRole("button", { name: "Create topic" }).count()).toBe(0);
    await page.getByRole("link", { name: "API keys" }).click();
    await page.getByRole("heading", { name: "watcher" }).waitFor();
    expect(await page.getByRole("button", { name: /key|account|Revoke/ }).count()).toBe(0);
    expect(problems()).toEqual([]);
  });

  test("a topic is created by the keyboard alone, and the focus is never lost", async () => {
    const { page, problems } = await open({ key: await tenant() });
    await page.getByRole("heading", { name: "Send your first record" }).waitFor();
    const focused = () =>
      page.evaluate<string>(
        "(e => e === document.body ? 'nothing' : e.getAttribute('aria-label') ?? e.innerText)(document.activeElement)",
      );
    const press = page.keyboard.press.bind(page.keyboard);
    await press("Tab");
    expect(await focused()).toBe("Skip to content");
    const tabTo = async (name: string) => {
      for (let n = 0; n < 30; n += 1) {
        if ((await focused()) === name) return;
        await press("Tab");
        expect(await focused()).not.toBe("nothing");
      }
      throw new Error(`the keyboard never came to ${name}`);
    };
    await tabTo("Topics");
    await press("Enter");
    await page.getByText("No topics yet").waitFor();
    expect(await focused()).toBe("Topics");
    await tabTo("Create topic");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await soon(() => page.evaluate("document.activeElement.tagName")).toBe("INPUT");
    // Escape closes and gives the focus back.
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await soon(focused).toBe("Create topic");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await soon(() => page.evaluate("document.activeElement.tagName")).toBe("INPUT");
    await page.keyboard.type("typed.only");
    await press("Enter");
    await page.getByRole("heading", { name: "typed.only" }).waitFor();
    await soon(focused).toBe("typed.only");
    expect(problems()).toEqual([]);
  });

  /** Every page and state. */
  const walk = async (page: Page, look: (name: string) => Promise<void>) => {
    const base = service().ready.portal;
    const at = async (path: string, shown: string) => {
      await page.goto(base + path);
      await page.getByText(shown).first().waitFor();
      await look(path);
    };
    await at("", "Listening for the first record");
    await at(`?topic=${longName}`, "Listening for the first record");
    await at("topics", "unbreakable_topic");
    await at("topics?prefix=zzz", "No topic starts with");
    await at(`topics/${longName}`, "Written per second");
    await page.getByRole("button", { name: "All settings" }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").waitFor();
    await look("delete dialog");
    await at("topics/none-such", "There is no such topic");
    await at("usage", "Ceiling of");
    await at("usage?view=table&range=7d&by=serviceAccount", "Ceiling of");
    await at("keys", "Never used");
    await page.getByRole("button", { name: "Make a key for robot" }).click();
    await page.getByText("Copy the secret now.").waitFor();
    await look("secret dialog");
    await page.getByRole("button", { name: "I have copied it" }).click();
    const robots = page.getByRole("list", { name: "Live keys of robot" });
    await robots.getByRole("button").first().click();
    await page.getByRole("dialog").waitFor();
    await look("revoke dialog");
    await page.getByRole("button", { name: "Revoke key" }).click();
    await page.getByText("revoked or expired").waitFor();
    await at("keys?cursor=nonsense", "The cursor is not one");
    await at("nowhere", "There is no such page");
    await at("topics?create=yes", "It cannot be changed later");
    await page.getByRole("dialog").getByRole("button", { name: "Create topic" }).click();
    await page.getByText("A topic needs a name.").waitFor();
    await page.getByRole("button", { name: "Add a setting" }).click();
    await look("create dialog with a fault");
  };
  let walked: Promise<Key> | undefined;
  const furnished = () => {
    walked ??= tenant().then(async (key) => {
      await rest(key, "PUT", `/v1/topics/${longName}`, { spec: { partitions: 40 } });
      await accountKey(key, "robot", "none");
      return key;
    });
    return walked;
  };
  /** Refusals that the walk asks for; everything else on the console is a fault. */
  const asked = /status of 40[04]/;

  test("axe finds no fault on any page or dialog, in light and in dark", async () => {
    const { page } = await open();
    const faults: unknown[] = [];
    const run = async (name: string, colorScheme: "light" | "dark", options: axe.RunOptions) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await soon(() => page.evaluate("document.documentElement.dataset.theme")).toBe(colorScheme);
      const { violations } = await page.evaluate<axe.AxeResults>(
        `axe.run(document, ${JSON.stringify({ ...options, resultTypes: ["violations"] })})`,
      );
      for (const { id, nodes } of violations) {
        faults.push({ name, colorScheme, id, where: nodes.map((node) => node.html) });
      }
    };
    const look = async (name: string) => {
      await page.evaluate(axe.source);
      await run(name, "light", {});
      // The same elements in other colours: only their contrast can differ.
      await run(name, "dark", { runOnly: ["color-contrast"] });
    };
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await look("sign in");
    const key = await furnished();
    await page.goto(`${service().ready.portal}#key=${key.id}:${key.secret}`);
    await walk(page, look);
    expect(faults).toEqual([]);
  });

  test("no page is wider than a phone, whatever the length of names and numbers", async () => {
    const key = await furnished();
    const huge = "90071992547409931234";
    const { page, problems, strangers } = await open({
      key,
      width: 390,
      // A cluster that has run for ages, which no test can wait for.
      prepare: (each) =>
        each.route("**/v1/usage?*", async (route) => {
          const response = await route.fetch();
          const report = await response.json();
          const amounts = {
            recordsWritten: huge,
            recordsRead: huge,
            bytesIn: huge,
            cost: `${huge}.000000000001`,
          };
          const totals = { ...report.totals, ...amounts };
          const by = { hour: "2026-11-24T05", topic: longName, serviceAccount: "robot" };
          const group: "hour" | "topic" | "serviceAccount" = report.groupBy;
          const json = { ...report, totals, rows: [{ ...totals, [group]: by[group] }] };
          // Not where the walk looks for a first record.
          await route.fulfill({
            response,
            json: each.url().endsWith("/usage") || each.url().includes("view=") ? json : report,
          });
        }),
    });
    const wide: string[] = [];
    await walk(page, async (name) => {
      if (name.startsWith("usage")) {
        await soon(() => read(page.getByRole("main"))).toContain("90,071,992,547,409,931,234");
      }
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      if (width > 390) wide.push(`${name}: ${width}`);
    });
    await page.unrouteAll({ behavior: "ignoreErrors" });
    expect(wide).toEqual([]);
    expect(problems().filter((text) => !asked.test(text))).toEqual([]);
    expect(strangers()).toEqual([]);
  });

  test("the policy in force lets nothing inline run, and its violations would be seen here", async () => {
    const { page, problems } = await open({ key: await tenant() });
    await page.getByRole("heading", { name: "Send your first record" }).waitFor();
    expect(problems()).toEqual([]);
    await page.evaluate(
      "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = 1' }))",
    );
    await soon(() => problems().join()).toContain("Content Security Policy");
    expect(await page.evaluate("window.ran")).toBeUndefined();
  });

  test("times are UTC and the same for everybody, and a chosen theme stays chosen", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/timed", { spec: { partitions: 1 } });
    const at = async (timezoneId: string) => {
      const { page } = await open({ key, path: "topics/timed", timezoneId });
      return [page, await read(page.locator("time").first())] as const;
    };
    const [page, east] = await at("Pacific/Kiritimati");
    const [, west] = await at("America/Los_Angeles");
    expect(east).toMatch(/^just now · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    expect(west).toBe(east);
    await page.getByTitle("Dark theme").click();
    const theme = () => page.evaluate("document.documentElement.dataset.theme");
    await soon(theme).toBe("dark");
    await page.reload();
    expect(await theme()).toBe("dark");
  });

  test("where the live stream is kept away, pages poll, say so, and still see what comes", async () => {
    const key = await tenant();
    const { page } = await open({
      key,
      path: "topics",
      prepare: (each) =>
        each.route("**/v1/live", (route) => route.fulfill({ status: 501, body: "" })),
    });
    await page.getByText("Updates: Polling").waitFor();
    await page.getByText("No topics yet").waitFor();
    await rest(key, "PUT", "/v1/topics/polled", { spec: { partitions: 1 } });
    expect(await read(page.getByRole("rowheader", { name: "polled" }))).toBe("polled");
  });

  test("while the API is away pages keep what they read and say how old it is; they recover by themselves", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/kept", { spec: { partitions: 1 } });
    const { page } = await open({ key, path: "topics" });
    await page.getByRole("rowheader", { name: "kept" }).waitFor();
    const loaded = "performance.getEntriesByType('resource').map((entry) => entry.name).join()";
    await soon(() => page.evaluate(loaded)).toMatch(/keys-[^,]+[.]js/);
    const { restart } = await crash();
    const alert = page.getByRole("alert");
    await soon(() => alert.allInnerTexts()).toHaveLength(1);
    expect(await read(alert)).toMatch(
      /Headgate does not answer[.] What you see was read at [\d-]+ [\d:]+ UTC[.]/,
    );
    expect(await read(page.getByRole("rowheader", { name: "kept" }))).toBe("kept");
    await page.getByRole("link", { name: "API keys" }).click();
    await page.getByRole("status", { name: "Loading service accounts" }).waitFor();
    await page.getByRole("link", { name: "Topics" }).click();
    await restart();
    await alert.waitFor({ state: "detached" });
    await rest(key, "PUT", "/v1/topics/later", { spec: { partitions: 1 } });
    expect(await read(page.getByRole("rowheader", { name: "later" }))).toBe("later");
    await page.getByText("Updates: Live").waitFor();
  });
});
