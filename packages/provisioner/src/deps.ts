// What reconcilers share. They meet other services in the store only.
import type { Control } from "@headgate/control/control";
import type { MintedToken } from "@headgate/control/tokens";
import type { TenantId } from "@headgate/core/ids";
import type { PriceBook } from "@headgate/core/price-book";
import type { Admins } from "./admins.ts";
import type { CellDriver } from "./drivers/driver.ts";

export interface Advertised {
  readonly host: string;
  readonly port: number;
}

export interface ProvisionerDeps {
  readonly control: Control;
  readonly admins: Admins;
  readonly drivers: readonly CellDriver[];
  /** Mints a token for an upstream principal, to probe it. */
  readonly mint: (principal: string) => MintedToken;
  /** Where tenants' clients connect: the gateway, which may still be about to listen. */
  readonly advertised: Advertised | Promise<Advertised>;
  /** The book in force for a tenant now. */
  readonly priceBook: (tenant: TenantId) => Promise<PriceBook>;
  /** Throws `conflict` when this process may not act any more; asked before each write and each change of a cell. */
  readonly assertHeld: () => void;
}
