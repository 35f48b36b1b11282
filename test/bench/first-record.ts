// From `npm start` typed to the first record seen in the portal, Kafka's jars cached: a script reads the terminal and
// the screen and does what they say, so what a person adds is reading and typing.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { findChromium, launchChromium } from "../support/chromium.ts";
import { sendFirstRecord } from "../support/first-record.ts";
import { eventually, isAlive, root, servicePid, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";
import { quantile, spread } from "./stats.ts";

const runs = 3;
const barMs = 60_000;

export async function firstRecordBench(): Promise<Figure[]> {
  const chromium = findChromium();
  if (!chromium) throw new Error("This bench needs Chromium: apt-get install chromium.");
  const tookMs: number[] = [];
  for (let run = 0; run < runs; run += 1) tookMs.push(await once(chromium));
  return [
    {
      what: "npm start typed to the first record seen in the portal, browser start included",
      bar: "≤ 60 s",
      measured: spread(tookMs, "ms"),
      reached: quantile(tookMs, 1) <= barMs,
    },
  ];
}

async function once(chromium: string): Promise<number> {
  const dir = temporaryDir();
  const startMs = performance.now();
  const terminal = typed(
    `npm start -- --data '${dir.path}' --api-port 0 --kafka-port 0`,
    join(dir.path, "profiles.json"),
  );
  const link = await printedLink(terminal);
  const browser = await launchChromium(chromium);
  try {
    const page = await browser.newPage();
    await page.goto(link);
    await sendFirstRecord(page, "orders");
    return performance.now() - startMs;
  } finally {
    await browser.close();
    const pid = servicePid(dir.path);
    terminal.stdin!.write("\u0003");
    await eventually("Ctrl-C ends it", async () => !isAlive(pid) || undefined);
    dir.remove();
  }
}

/** A command on a terminal, which script(1) makes: only there the link with the key is printed. */
function typed(command: string, profileFile: string): ChildProcess {
  const env = { ...process.env, HEADGATE_PROFILE_FILE: profileFile };
  return spawn("script", ["-qec", command, "/dev/null"], { cwd: root, env });
}

function printedLink(terminal: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    terminal.stdout!.on("data", (chunk) => {
      text += stripVTControlCharacters(String(chunk));
      const link = /Portal +(http:\S+#key=\w+:\w+)\s/.exec(text)?.[1];
      if (link) resolve(link);
    });
    terminal.once("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${text}`)));
  });
}
