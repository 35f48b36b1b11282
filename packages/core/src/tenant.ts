// A tenant is a team and who pays. Everything else belongs to exactly one.
import { z } from "zod";
import { TenantId } from "./ids.ts";
import { baseStatus, Labels, resource } from "./resource.ts";

export const TenantSpec = z.strictObject({
  displayName: z.string().trim().min(1).max(100),
  priceBook: z.string().default("default"),
  labels: Labels.default({}),
});
export type TenantSpec = z.infer<typeof TenantSpec>;

export const TenantStatus = z.object({ ...baseStatus });

export const Tenant = resource("Tenant", TenantId, z.string(), TenantSpec, TenantStatus);
export type Tenant = z.infer<typeof Tenant>;
