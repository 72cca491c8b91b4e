/** Moves the focus within a list by j/k, arrows, Home and End; the items are links or buttons matched by `selector`. */
export function listKeys(selector = 'a, button'): (list: HTMLElement) => () => void {
  return (list) => {
    const move = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const items = [...list.querySelectorAll<HTMLElement>(selector)];
      const next = nextIndex(event.key, items.indexOf(document.activeElement as HTMLElement), items.length);
      if (next === undefined) return;
      event.preventDefault();
      items[next]?.focus();
    };
    list.addEventListener('keydown', move);
    return () => list.removeEventListener('keydown', move);
  };
}

/** Where `key` leads from item `index` of `count`; undefined when the key moves nothing. */
export function nextIndex(key: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case 'j':
    case 'ArrowDown':
      return Math.min(index + 1, count - 1);
    case 'k':
    case 'ArrowUp':
      return Math.max(index - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
