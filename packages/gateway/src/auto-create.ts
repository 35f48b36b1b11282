// Topics that clients create by naming them, where the cluster allows it: the same command as any other creation.
import { putTopic } from "@headgate/control/topics";
import { AppError } from "@headgate/core/errors";
import { actorOf, type Commands } from "./answers/topic-commands.ts";
import { autoCreatesMax } from "./filters/40-limit.ts";
import type { ConnectionHost } from "./host.ts";
import type { Session } from "./session.ts";

/** Topics under way are not asked for twice, and only so many at once: clients repeat their Metadata request anyway. */
export function autoCreator(commands: Commands): ConnectionHost["autoCreate"] {
  const creating = new Map<string, Set<string>>();
  const create = async (session: Session, name: string) => {
    const actor = actorOf(commands, session);
    const options = { createOnly: true };
    try {
      await putTopic(commands.control, actor, session.binding.clusterName, name, {}, options);
    } catch (error) {
      const known = error instanceof AppError ? error.code : String(error);
      if (known !== "resource.exists")
        commands.log("Topic could not be created", { topic: name, error: known });
    }
  };
  return (session, names) => {
    const { cluster } = session.binding;
    const underWay = creating.get(cluster) ?? new Set();
    creating.set(cluster, underWay);
    for (const name of names) {
      if (underWay.has(name)) continue;
      if (underWay.size >= autoCreatesMax) return;
      underWay.add(name);
      void create(session, name).finally(() => {
        underWay.delete(name);
        if (underWay.size === 0) creating.delete(cluster);
      });
    }
  };
}
