import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { icons } from "./icons.tsx";

/**
 * A modal dialog: traps focus, closes by Escape, gives focus back to what opened it. What is in it is unmounted with
 * it.
 */
export function Dialog(props: {
  open: boolean;
  onClose: () => void;
  /** After the closing motion: what was shown may be forgotten. */
  onClosed?: () => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** Only its own buttons close it: for what is on screen this once. */
  sticky?: boolean;
}) {
  return (
    <Base.Root
      open={props.open}
      onOpenChange={(open, { reason }) => {
        if (open || (props.sticky && reason !== "close-press")) return;
        props.onClose();
      }}
      onOpenChangeComplete={(open) => open || props.onClosed?.()}
      disablePointerDismissal={props.sticky ?? false}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 bg-shade transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 grid place-items-end overflow-y-auto sm:place-items-center sm:p-6">
          <Base.Popup className="relative w-full max-w-lg rounded-t-2xl border border-line bg-surface p-5 pb-[max(1.25rem,env(safe-area-inset-bottom))] text-ink shadow-2xl transition duration-150 data-ending-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0 sm:rounded-2xl sm:p-6">
            <Base.Title className="pr-10 text-lg font-semibold wrap-anywhere">
              {props.title}
            </Base.Title>
            {props.description && (
              <Base.Description className="mt-1 text-sm text-muted">
                {props.description}
              </Base.Description>
            )}
            <div className="mt-5">{props.children}</div>
            {/* Last in order, so that the focus begins where the work does. */}
            <Base.Close
              aria-label="Close"
              className="absolute top-4 right-4 grid size-9 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
            >
              {icons.close}
            </Base.Close>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
