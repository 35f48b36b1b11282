// The few drawings of the portal, by hand, so that no icon set is shipped. All of them are decoration: hidden from
// readers.
import type { ReactNode } from "react";

function Icon({ children, className = "size-4.5" }: { children: ReactNode; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
    >
      {children}
    </svg>
  );
}

/** A gate lifted over running water. */
export function Mark({ className = "size-6" }: { className?: string }) {
  return (
    <Icon className={className}>
      <path d="M5 3v12M19 3v12" strokeWidth="2.4" />
      <path d="M8.5 4.5h7v6h-7z" fill="currentColor" />
      <path d="M2.5 16.2c1.6-1.3 3.2-1.3 4.8 0s3.1 1.3 4.7 0 3.2-1.3 4.8 0 3.1 1.3 4.7 0" />
      <path
        d="M2.5 20.4c1.6-1.3 3.2-1.3 4.8 0s3.1 1.3 4.7 0 3.2-1.3 4.8 0 3.1 1.3 4.7 0"
        opacity=".5"
      />
    </Icon>
  );
}

export const icons = {
  start: (
    <Icon>
      <path d="M5 21V4M5 4.5h12.5l-2.5 4 2.5 4H5" />
    </Icon>
  ),
  topics: (
    <Icon>
      <path d="M3.5 7c2-1.6 3.9-1.6 5.7 0s3.8 1.6 5.6 0 3.7-1.6 5.7 0M3.5 12.5c2-1.6 3.9-1.6 5.7 0s3.8 1.6 5.6 0 3.7-1.6 5.7 0M3.5 18c2-1.6 3.9-1.6 5.7 0s3.8 1.6 5.6 0 3.7-1.6 5.7 0" />
    </Icon>
  ),
  usage: (
    <Icon>
      <path d="M6 3v18M6 5h6M6 9h3.5M6 13h6M6 17h3.5M15.5 21v-6M19.5 21V10" />
    </Icon>
  ),
  keys: (
    <Icon>
      <circle cx="8" cy="15.5" r="4.2" />
      <path d="m11 12.5 8.5-8.5M16 7.5l3 3M13.5 10l1.8 1.8" />
    </Icon>
  ),
  check: (
    <Icon className="size-4">
      <path d="m5 12.5 4.5 4.5L19 7" strokeWidth="2.6" />
    </Icon>
  ),
  copy: (
    <Icon className="size-4">
      <rect x="8.5" y="8.5" width="12" height="12" rx="2" />
      <path d="M15.5 8.5v-3a2 2 0 0 0-2-2h-8a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h3" />
    </Icon>
  ),
  plus: (
    <Icon className="size-4">
      <path d="M12 5v14M5 12h14" strokeWidth="2.2" />
    </Icon>
  ),
  close: (
    <Icon className="size-4.5">
      <path d="M6 6l12 12M18 6 6 18" />
    </Icon>
  ),
  search: (
    <Icon className="size-4">
      <circle cx="11" cy="11" r="6.5" />
      <path d="m16 16 4.5 4.5" />
    </Icon>
  ),
  light: (
    <Icon className="size-4">
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1" />
    </Icon>
  ),
  dark: (
    <Icon className="size-4">
      <path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z" />
    </Icon>
  ),
  system: (
    <Icon className="size-4">
      <rect x="3.5" y="4.5" width="17" height="12" rx="2" />
      <path d="M9 20h6" />
    </Icon>
  ),
  out: (
    <Icon className="size-4.5">
      <path d="M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 8l4 4-4 4M19 12H9.5" />
    </Icon>
  ),
  alert: (
    <Icon className="size-4.5">
      <path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1" />
    </Icon>
  ),
} as const;
