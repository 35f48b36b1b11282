// Topics that clients create by naming them, where the cluster allows it: the same command as any other creation.
import { putTopic } from "@headgate/control/topics";
import { AppError } from "@headgate/core/errors";
import { actorOf, type Commands } from "./answers/topic-commands.ts";
import type { ConnectionHost } from "./host.ts";
import type { Session } from "./session.ts";

/** Topics under way are not asked for twice: clients repeat their Metadata request until the topic is there. */
export function autoCreator(commands: Commands): ConnectionHost["autoCreate"] {
  const creating = new Set<string>();
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
    for (const name of names) {
      const key = `${session.binding.cluster}:${name}`;
      if (creating.has(key)) continue;
      creating.add(key);
      void create(session, name).finally(() => creating.delete(key));
    }
  };
}
