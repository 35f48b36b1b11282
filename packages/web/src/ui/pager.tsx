import { Link, type LinkProps } from "@tanstack/react-router";
import { buttonClass } from "./button.tsx";

/** Ways through a list that comes by pages; nothing for a list of one page. */
export function Pager(props: {
  label: string;
  first: LinkProps | undefined;
  next: LinkProps | undefined;
}) {
  if (!props.first && !props.next) return null;
  return (
    <nav aria-label={props.label} className="mt-4 flex justify-end gap-2">
      {props.first && (
        <Link {...props.first} className={buttonClass()}>
          First page
        </Link>
      )}
      {props.next && (
        <Link {...props.next} className={buttonClass()}>
          Next page
        </Link>
      )}
    </nav>
  );
}
