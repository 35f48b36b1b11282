import { expect, test } from "vitest";
import { ApiProblem } from "./client.ts";
import { nameFault, topicFaults } from "./topic-faults.ts";

const problem = (code: string, more: object = {}) =>
  new ApiProblem({ title: "Title", status: 400, code, fix: "Fix", requestId: "req_1", ...more });

test("a refused topic's text stands at the field it is about, without the pointer that names the field", () => {
  const error = problem("topic.partitions_invalid", {
    errors: [
      { pointer: "/spec/partitions", detail: "/spec/partitions: must be a whole number." },
      { pointer: "/spec/config/cleanup.policy", detail: "cleanup.policy must be one of delete." },
    ],
  });
  const faults = topicFaults(error);
  expect(faults.partitions).toBe("must be a whole number.");
  expect(faults.config("cleanup.policy")).toBe("cleanup.policy must be one of delete.");
  expect(faults.config("retention.ms")).toBeUndefined();
  expect(faults.name).toBeUndefined();
  expect(faults.isOther).toBe(false);
});

test("an illegal name and a name that is taken are about the name", () => {
  for (const code of ["topic.name_invalid", "request.precondition_failed", "resource.deleting"]) {
    expect(topicFaults(problem(code, { detail: "Detail" })).name).toBe("Detail");
  }
});

test("what is about no field of the form is told as it is, and no error is no fault", () => {
  expect(topicFaults(problem("auth.forbidden")).isOther).toBe(true);
  expect(topicFaults(new Error("something else")).isOther).toBe(true);
  expect(topicFaults(null).isOther).toBe(false);
});

test("a name whose address would be another address is refused before it is asked about", () => {
  expect(["", "  ", ".", "..", " .. "].map(nameFault)).not.toContain(undefined);
  expect(["a", "...", "a.", "!"].map(nameFault)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
