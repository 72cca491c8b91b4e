/** Attached to what a screen begins with: it takes the focus, for who hears the page and for who goes by keys. */
export function begin(heading: HTMLElement): void {
  heading.tabIndex = -1;
  heading.focus();
}
