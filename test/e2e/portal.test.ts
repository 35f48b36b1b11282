// What a user does in the portal, in a real browser against the whole service, reading only what is on the screen.
import { usd } from "@headgate/core/money";
import { Kafka, logLevel } from "kafkajs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type Key, portalSuite, soon } from "../support/browser.ts";
import { read } from "../support/chromium.ts";
import { sendFirstRecord } from "../support/first-record.ts";
import { eventually } from "../support/service.ts";

/** The number under a name. */
const figure = (page: Page, name: string) =>
  read(page.locator("dl > div", { hasText: name }).locator("dd").first());

portalSuite(({ open, tenant, service }) => {
  /** A REST call with a tenant's own key. */
  const rest = (key: Key, method: string, path: string, spec?: object) =>
    service().rest(method, path, {
      key,
      headers: { prefer: "wait=10" },
      ...(spec === undefined ? {} : { body: { spec } }),
    });
  const producerOf = async (key: Key) => {
    const sasl = { mechanism: "plain" as const, username: key.id, password: key.secret };
    const brokers = [service().ready.bootstrap];
    const producer = new Kafka({ brokers, sasl, logLevel: logLevel.ERROR }).producer();
    await producer.connect();
    return producer;
  };

  test("a new user gets from the printed link to the first record by what the screen says alone", async () => {
    const { page, problems } = await open({ key: service().ready.key });
    await page.getByRole("heading", { name: "Send your first record" }).waitFor();
    expect(page.url()).toBe(service().ready.portal);

    await sendFirstRecord(page, "first.steps");

    const said = await read(page.getByRole("main"));
    expect(said).toContain("1 record written to first.steps so far.");
    const panel = page.getByRole("tabpanel");
    await panel.getByRole("button", { name: "Copy Node.js snippet" }).click();
    await panel.getByRole("button", { name: "Copied Node.js snippet" }).waitFor();
    const copied = await page.evaluate("navigator.clipboard.readText()");
    expect(copied).toBe(await read(panel.locator("pre")));
    expect(problems()).toEqual([]);
  });

  test("the start page remembers the made key when it is left, and never a secret after a reload", async () => {
    const key = await tenant();
    const { page } = await open({ key });
    await page.getByRole("button", { name: "Create topic" }).click();
    await page.getByRole("button", { name: "Make a key" }).click();
    const secret = page.locator("dd", { hasText: /^hgs_/ });
    const shown = await read(secret);
    await page.getByRole("link", { name: "Topics" }).click();
    await page.getByRole("heading", { name: "Topics", exact: true }).waitFor();
    await page.goBack();
    expect(await read(secret)).toBe(shown);
    await page.reload();
    await page.getByText("quickstart has a key, whose secret was shown once").waitFor();
    expect(await page.content()).not.toContain(shown);
    await page.getByRole("button", { name: "Use the key I signed in with" }).click();
    expect(await read(page.getByRole("tabpanel").locator("pre"))).toContain(key.secret);
  });

  test("a list of many topics comes by pages, is searched by how names start, and Back goes back", async () => {
    const key = await tenant();
    const names = Array.from({ length: 53 }, (_, n) => `events.${String(n).padStart(3, "0")}`);
    await Promise.all(
      [...names, "orders", "123"].map((name) =>
        service().rest("PUT", `/v1/topics/${name}`, { key, body: { spec: { partitions: 1 } } }),
      ),
    );
    const { page, problems } = await open({ key, path: "topics" });
    const rows = page.getByRole("table").getByRole("rowheader");
    await rows.nth(49).waitFor();
    expect(await rows.count()).toBe(50);
    await page.getByRole("link", { name: "Next page" }).click();
    await rows.getByText("orders").waitFor();
    expect(await rows.allInnerTexts()).toEqual([...names.slice(49), "orders"]);
    await page.getByRole("link", { name: "First page" }).click();
    const search = page.getByRole("searchbox");
    await search.fill("events.01");
    await soon(() => rows.allInnerTexts()).toEqual(names.slice(10, 20));
    expect(new URL(page.url()).search).toBe("?prefix=events.01");
    await rows.getByText("events.011").click();
    await page.getByRole("heading", { name: "events.011" }).waitFor();
    await page.goBack();
    await soon(() => rows.count()).toBe(10);
    expect(await search.inputValue()).toBe("events.01");
    // A name that looks like a number stays a name.
    await search.fill("123");
    await soon(() => rows.allInnerTexts()).toEqual(["123"]);
    await search.fill("no such, name=*");
    await page.getByText("No topic starts with “no such, name=*”").waitFor();
    expect(problems()).toEqual([]);
  });

  test("what the API refuses about a new topic stands at the field it is about", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/taken", { partitions: 1 });
    const { page } = await open({ key, path: "topics" });
    await page.getByRole("button", { name: "Create topic" }).first().click();
    const dialog = page.getByRole("dialog");
    const faultOf = async (label: string) => {
      const field = dialog.getByLabel(label, { exact: true });
      await soon(() => field.getAttribute("aria-invalid")).toBe("true");
      return read(page.locator(`[id="${await field.getAttribute("aria-describedby")}"]`));
    };
    const submit = () => dialog.getByRole("button", { name: "Create topic" }).click();
    const name = dialog.getByLabel("Name");
    for (const [given, said] of [
      ["", "A topic needs a name."],
      ["..", "A name of dots alone means a directory."],
      ["two words", "letters, digits, dots, underscores and hyphens only"],
      ["x".repeat(300), "at most 238 characters"],
      ["taken", "The topic 'taken' exists already."],
    ] as const) {
      await name.fill(given);
      await submit();
      await soon(() => faultOf("Name")).toContain(said);
      expect(await page.evaluate("document.activeElement.getAttribute('aria-invalid')")).toBe(
        "true",
      );
    }
    await name.fill("fresh.topic");
    for (const [given, said] of [
      ["many", "must be a whole number"],
      ["0", "must be at least 1"],
      ["1000000000", "this cluster may have 500 in all"],
    ] as const) {
      await dialog.getByLabel("Partitions").fill(given);
      await submit();
      await soon(() => faultOf("Partitions")).toContain(said);
    }
    await dialog.getByLabel("Partitions").fill("2");
    await dialog.getByRole("button", { name: "Add a setting" }).click();
    await dialog.getByLabel("Setting", { exact: true }).selectOption("max.message.bytes");
    await dialog.getByLabel("Value").fill("huge");
    await submit();
    await soon(() => faultOf("Value")).toContain("must be a whole number, not 'huge'");
    await dialog.getByText("Request id").waitFor();
    await dialog.getByLabel("Value").fill("1000000");
    await dialog.getByLabel("Keep records for").selectOption({ label: "1 day" });
    await submit();
    await page.getByRole("heading", { name: "fresh.topic" }).waitFor();
    const topic = await rest(key, "GET", "/v1/topics/fresh.topic");
    expect(topic.body.spec).toMatchObject({
      partitions: 2,
      config: { "max.message.bytes": "1000000", "retention.ms": "86400000" },
    });
    expect(topic.body.managedBy["/partitions"]).toBe("portal:owner");
  });

  test("a topic's page follows its flow, and its deletion asks for the name and proves what was seen", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/flow", { partitions: 12 });
    const { page, problems } = await open({ key, path: "topics/flow" });
    await page.getByRole("heading", { name: "flow", level: 1 }).waitFor();
    const partitions = page.getByRole("list", { name: "Partitions" }).getByRole("listitem");
    await soon(() => partitions.count()).toBe(12);
    const perSecond = async () =>
      Number((await figure(page, "Written per second")).replaceAll(",", ""));
    await soon(perSecond).toBe(0);
    const producer = await producerOf(key);
    const messages = Array.from({ length: 20 }, (_, n) => ({ key: String(n), value: "x" }));
    let written = 0;
    const rates = new Set<number>();
    await soon(async () => {
      await producer.send({ topic: "flow", messages });
      written += messages.length;
      rates.add(await perSecond());
      return rates.size;
    }).toBeGreaterThan(3);
    await producer.disconnect();
    await soon(() => figure(page, "Written this month")).toBe(written.toLocaleString("en-US"));

    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Delete topic" });
    await dialog.getByLabel("Type its name to confirm").fill("flo");
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel("Type its name to confirm").fill("flow");
    const asked = page.waitForRequest((request) => request.method() === "DELETE");
    await confirm.click();
    const headers = await (await asked).allHeaders();
    expect(headers["if-match"]).toMatch(/^"\d+"$/);
    await page.getByRole("heading", { name: "Topics", exact: true }).waitFor();
    await page.getByText("No topics yet").waitFor();
    expect(problems()).toEqual([]);
  });

  test("a topic deleted by somebody else says so, and one changed meanwhile is not deleted", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/shared", { partitions: 1 });
    const { page } = await open({ key, path: "topics/shared" });
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Type its name to confirm").fill("shared");
    // The page must not hear of the change before it deletes: what it holds is what it looked at.
    await page.route("**/v1/topics/shared", (route) =>
      route.request().method() === "GET" ? route.abort() : route.continue(),
    );
    await rest(key, "PUT", "/v1/topics/shared", { partitions: 2 });
    await dialog.getByRole("button", { name: "Delete topic" }).click();
    expect(await read(dialog.getByRole("alert"))).toContain("Read it again");
    expect((await rest(key, "GET", "/v1/topics/shared")).body.deletedAt).toBeUndefined();
    await page.unroute("**/v1/topics/shared");
    await dialog.getByRole("button", { name: "Keep it" }).click();
    await rest(key, "DELETE", "/v1/topics/shared");
    await soon(() => read(page.getByRole("main"))).toContain("There is no such topic");
  });

  test("usage in the chart's table, its sum and the invoice are what the API answers, to the last digit", async () => {
    const key = await tenant();
    await rest(key, "PUT", "/v1/topics/metered", { partitions: 3 });
    const producer = await producerOf(key);
    const messages = Array.from({ length: 1234 }, (_, n) => ({ key: String(n), value: "x" }));
    await producer.send({ topic: "metered", messages });
    await producer.disconnect();
    const { page, problems } = await open({ key, path: "usage" });
    const total = page.getByRole("table", { name: "Usage by topic" }).locator("tfoot tr");
    await soon(async () => (await total.allInnerTexts()).join()).toContain("1,234");
    await page.getByRole("img", { name: /Records written and read by hour/ }).waitFor();
    await page.getByRole("link", { name: "Table" }).click();
    await page.getByRole("table", { name: "Usage by hour" }).waitFor();
    await eventually("the page and the API agree", async () => {
      const usage = await rest(key, "GET", "/v1/usage?groupBy=hour");
      const { totals } = usage.body;
      const hours = page.getByRole("table", { name: "Usage by hour" }).locator("tfoot tr");
      const cells = await hours.getByRole("cell").allInnerTexts();
      const cost = await figure(page, "Cost so far");
      const isSame = cells.at(-1) === `$${totals.cost}` && cost === `$${totals.cost}`;
      return (isSame && cells[0] === "1,234") || undefined;
    });
    const invoice = page.getByRole("table", { name: "Invoice lines" });
    expect(await read(invoice)).toContain("1,234 messages");
    await page.getByText("Offsets behind what was written").click();
    const records = await page
      .getByRole("table", { name: "Offset ranges" })
      .locator("tbody tr td:last-child")
      .allInnerTexts();
    expect(records.reduce((sum, text) => sum + Number(text), 0)).toBe(1234);
    await page.getByRole("link", { name: "By service account" }).click();
    const accounts = page.getByRole("table", { name: "Usage by service account" });
    await accounts.getByText("owner").waitFor();
    // Storage is of no account: a row of its own makes the table add up, to the rounding of each row.
    await soon(async () => {
      const costs = await accounts.locator("tbody tr td:last-child").allInnerTexts();
      const sum = costs.reduce((all, cost) => all + usd(cost.slice(1)), 0n);
      const total = usd((await read(accounts.locator("tfoot td").last())).slice(1));
      return sum - total < 3n && total - sum < 3n && total > 0n;
    }).toBe(true);
    expect(problems()).toEqual([]);
  });

  test("a key is made in place, its secret shown once, and revoking it ends what it opens", async () => {
    const key = await tenant();
    const { page, problems } = await open({ key, path: "keys" });
    await page.getByRole("button", { name: "New service account" }).click();
    await page.getByLabel("Name").fill("billing-export");
    await page.getByLabel("Role").selectOption("viewer");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByRole("heading", { name: "billing-export" }).waitFor();
    const make = page.getByRole("button", { name: "Make a key for billing-export" });
    const dialog = page.getByRole("dialog");
    const made: Key[] = [];
    for (let n = 0; n < 2; n += 1) {
      await make.click();
      const shown = dialog.locator("dd.font-mono");
      made.push({ id: await read(shown.first()), secret: await read(shown.last()) });
      // Neither Escape nor a click beside it may lose the secret.
      await page.keyboard.press("Escape");
      await page.mouse.click(5, 5);
      await dialog.getByRole("button", { name: "I have copied it" }).click();
      await dialog.waitFor({ state: "detached" });
    }
    expect(await page.content()).not.toContain(made[0]!.secret);
    expect((await rest(made[0]!, "GET", "/v1/whoami")).body).toMatchObject({ role: "viewer" });
    await page.getByText("Two live keys: revoke one to make another.").waitFor();
    expect(await make.isDisabled()).toBe(true);
    await page.getByRole("button", { name: `Revoke ${made[0]!.id}` }).click();
    await dialog.getByRole("button", { name: "Revoke key" }).click();
    await page.getByText("1 revoked or expired").click();
    await page.getByRole("list", { name: "Ended keys" }).getByText(made[0]!.id).waitFor();
    expect((await rest(made[0]!, "GET", "/v1/whoami")).status).toBe(401);
    expect((await rest(made[1]!, "GET", "/v1/whoami")).status).toBe(200);
    expect(problems()).toEqual([]);
  });
});
