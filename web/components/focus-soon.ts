// Owns giving the keyboard to an element that is just being made.
// Must not know which element that is.

/** For `ref`: the element is in the document only after this turn. */
export function focusSoon(element: HTMLElement): void {
  queueMicrotask(() => element.focus({ preventScroll: true }));
}
