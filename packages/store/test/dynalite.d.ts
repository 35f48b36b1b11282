declare module "dynalite" {
  import type { Server } from "node:http";

  /** In memory unless `path` is given. */
  const dynalite: (options: { createTableMs?: number; path?: string }) => Server;
  export = dynalite;
}
