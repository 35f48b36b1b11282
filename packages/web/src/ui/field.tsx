import { type ComponentProps, type ReactNode, useId } from "react";
import { icons } from "./icons.tsx";

export const inputClass =
  "min-h-10 w-full rounded-md border border-line-strong bg-surface px-3 py-2 text-ink placeholder:text-muted aria-invalid:border-rust disabled:opacity-60";

/** A labelled text input with a hint, and what is wrong with it once the server or the form knows. */
export function Field({
  label,
  hint,
  error,
  className = "",
  mono = false,
  ...input
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  mono?: boolean;
} & ComponentProps<"input">) {
  const id = useId();
  return (
    <div className={`grid content-start gap-1.5 ${className}`}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        {...input}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-hint`}
        className={`${inputClass} ${mono ? "font-mono text-sm" : ""}`}
      />
      <FieldNote id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

/** The same for a choice from few values. */
export function SelectField({
  label,
  hint,
  error,
  options,
  ...select
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  options: readonly (readonly [value: string, label: string])[];
} & ComponentProps<"select">) {
  const id = useId();
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        {...select}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={`${id}-hint`}
        className={inputClass}
      >
        {options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      <FieldNote id={`${id}-hint`} hint={hint} error={error} />
    </div>
  );
}

function FieldNote(props: { id: string; hint: ReactNode; error: string | undefined }) {
  return (
    <p id={props.id} className="text-sm text-muted empty:hidden" aria-live="polite">
      {props.error === undefined ? (
        props.hint
      ) : (
        <span className="flex gap-1.5 text-rust">
          <span className="mt-0.5">{icons.alert}</span>
          {props.error}
        </span>
      )}
    </p>
  );
}
