import { useQuery } from "@tanstack/react-query";
import { whoAmIQuery } from "./queries.ts";

/**
 * What the signed-in key's role may do; nothing until it is known. The server decides, this only hides what it refuses.
 */
export function useRole(): { mayEdit: boolean; mayOwn: boolean } {
  const role = useQuery(whoAmIQuery).data?.role;
  const mayOwn = role === "owner" || role === "operator";
  return { mayEdit: mayOwn || role === "developer", mayOwn };
}
