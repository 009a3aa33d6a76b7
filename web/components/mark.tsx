// Owns the limpet: a ribbed cone seen from the side.
// Must not know where it sits.

import type { JSX } from "solid-js";

/** Takes the colour of the text around it; its ribs are cut out of it. */
export function Mark(props: { readonly class?: string }): JSX.Element {
  return (
    <svg class={props.class} viewBox="0 0 32 21" aria-hidden="true">
      <mask id="limpet-ribs">
        <path
          fill="#fff"
          d="M.9 19.7C2.700 12.200 8.400 3.500 14.200 1.100c1.500-.6 2.900-.4 4.100.6 5.300 4.300 10.400 11.900 12.800 18-4.300 1-9.500 1.300-15.100 1.300S5.200 20.700.9 19.700z"
        />
        <path
          fill="none"
          stroke="#000"
          stroke-width="1.25"
          stroke-linecap="round"
          d="M14.600 5.200C11.300 9 8.600 13.400 7.300 17.700M15.700 5.600C14 9.600 12.900 14 12.700 18.200M16.800 5.600C17.700 9.600 18.300 14 18.300 18.200M17.900 5.200C20.700 9 23.200 13.400 24.400 17.600"
        />
      </mask>
      <rect width="32" height="21" fill="currentColor" mask="url(#limpet-ribs)" />
    </svg>
  );
}
