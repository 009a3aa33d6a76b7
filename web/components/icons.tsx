// Owns the few icons of the page, drawn on a grid of 16.
// Must not know what they are pressed for.

import type { JSX } from "solid-js";

function Icon(props: { readonly path: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={props.path} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" />
    </svg>
  );
}

export function CrossIcon(): JSX.Element {
  return <Icon path="M4.500 4.500l7 7M11.500 4.500l-7 7" />;
}

export function MenuIcon(): JSX.Element {
  return <Icon path="M3 5h10M3 8h10M3 11h10" />;
}

export function CopyIcon(): JSX.Element {
  return <Icon path="M6 5.500h6.500v7.500h-6.500zM9.500 5.500V3H3v7.500h3" />;
}

export function CheckIcon(): JSX.Element {
  return <Icon path="M3.500 8.500l3 3 6-7" />;
}

export function WarningIcon(): JSX.Element {
  return <Icon path="M8 3.500v5.500M8 12v.2" />;
}
