// Who writes which field of a resource's item: the two halves of DESIGN's spec and status.

/** Control writes these, for API, gateway and CLI. */
export const specFields = ["spec", "generation", "managedBy", "updatedAt", "deletedAt"] as const;
/** The provisioner writes these. */
export const statusFields = ["status"] as const;
