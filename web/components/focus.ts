// Owns who has the keyboard: what is being made, what must not take it, and the terminal when nobody has it.
// Must not know which elements these are.

/** For `ref`: the element is in the document only after this turn. */
export function focusSoon(element: HTMLElement): void {
  queueMicrotask(() => element.focus({ preventScroll: true }));
}

/** For `ref`: a click inside leaves the keyboard where it is, with the terminal. Tab and screen readers still get in. */
export function leaveFocus(element: HTMLElement): void {
  element.addEventListener("mousedown", (event) => event.preventDefault());
}

/** Whether no element has the keyboard: the one that had it is gone. */
export function nobodyHasFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
