import type { ComponentProps } from "react";

const looks = {
  primary: "bg-water text-on-water hover:bg-water-hover font-semibold",
  quiet:
    "border border-line-strong/60 bg-surface text-ink hover:border-line-strong hover:bg-sunken font-medium",
  /** On a block of code, which is dark in both themes. */
  code: "border border-on-code/25 text-on-code hover:border-on-code/50 hover:bg-on-code/10 font-medium",
  bare: "text-ink hover:bg-sunken font-medium",
  danger: "bg-rust text-on-water hover:bg-rust-hover font-semibold",
} as const;

type ButtonLook = keyof typeof looks;

/** Classes of a button, for links that look like one. */
export function buttonClass(look: ButtonLook = "quiet"): string {
  return `inline-flex min-h-9 items-center justify-center gap-2 rounded-md px-3.5 py-1.5 text-sm whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-55 ${looks[look]}`;
}

export function Button({
  look = "quiet",
  busy = false,
  children,
  className = "",
  ...rest
}: ComponentProps<"button"> & { look?: ButtonLook; busy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={`${buttonClass(look)} ${className}`}
    >
      {busy && (
        <span
          aria-hidden="true"
          className="size-3.5 animate-spin rounded-full border-2 border-current border-t-transparent"
        />
      )}
      {children}
    </button>
  );
}
