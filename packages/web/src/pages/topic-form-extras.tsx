// Settings beyond the common ones, a row each: Kafka's own names, with what they mean.
import { topicSettings } from "@headgate/core/topic-config";
import { useId } from "react";
import { Button } from "../ui/button.tsx";
import { Field, inputClass } from "../ui/field.tsx";
import { icons } from "../ui/icons.tsx";

export interface Extra {
  /** Tells rows apart while their names change. */
  readonly row: number;
  readonly name: string;
  readonly value: string;
}

// Retention has a field of its own in the form.
const names = Object.keys(topicSettings).filter((name) => name !== "retention.ms");

export function Extras(props: {
  extras: readonly Extra[];
  onChange: (extras: readonly Extra[]) => void;
  faultOf: (setting: string) => string | undefined;
}) {
  const { extras, onChange, faultOf } = props;
  const unused = names.filter((name) => !extras.some((extra) => extra.name === name));
  const add = () =>
    onChange([...extras, { row: (extras.at(-1)?.row ?? 0) + 1, name: unused[0]!, value: "" }]);
  return (
    <div className="grid gap-3">
      {extras.map((extra) => (
        <ExtraRow
          key={extra.row}
          extra={extra}
          choices={names.filter((name) => name === extra.name || unused.includes(name))}
          fault={faultOf(extra.name)}
          onChange={(next) => onChange(extras.map((one) => (one === extra ? next : one)))}
          onRemove={() => onChange(extras.filter((one) => one !== extra))}
        />
      ))}
      {unused.length > 0 && (
        <div>
          <Button look="bare" onClick={add} className="-ml-2.5 px-2.5">
            {icons.plus} Add a setting
          </Button>
        </div>
      )}
    </div>
  );
}

function ExtraRow(props: {
  extra: Extra;
  choices: readonly string[];
  fault: string | undefined;
  onChange: (next: Extra) => void;
  onRemove: () => void;
}) {
  const { extra, choices, onChange } = props;
  const id = useId();
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-2">
      <div className="grid gap-2 sm:grid-cols-2">
        <div className="grid content-start gap-1.5">
          <label htmlFor={id} className="text-sm font-medium">
            Setting
          </label>
          <select
            id={id}
            className={`${inputClass} font-mono text-sm`}
            value={extra.name}
            onChange={(event) => onChange({ ...extra, name: event.target.value })}
          >
            {choices.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <Field
          label="Value"
          mono
          autoComplete="off"
          spellCheck={false}
          value={extra.value}
          onChange={(event) => onChange({ ...extra, value: event.target.value })}
          error={props.fault}
          hint={topicSettings[extra.name]?.description}
        />
      </div>
      <button
        type="button"
        aria-label={`Remove setting ${extra.name}`}
        onClick={props.onRemove}
        className="mt-7 grid size-9 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
      >
        {icons.close}
      </button>
    </div>
  );
}
