// Several parts of a start at once. When one fails, the others are told, and the failure is thrown once all have ended:
// whoever cleans up then finds everything that was opened.

/** The results in order. Throws what failed first, after calling `onFailure` at once and waiting for the rest. */
export async function together<T extends readonly unknown[]>(
  tasks: { [K in keyof T]: Promise<T[K]> },
  onFailure: () => void = () => undefined,
): Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  const watched = tasks.map((task) =>
    (task as Promise<unknown>).catch((error: unknown) => {
      failure ??= { error };
      onFailure();
    }),
  );
  const results = await Promise.all(watched);
  if (failure) throw failure.error;
  return results as unknown as T;
}
