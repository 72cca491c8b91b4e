/**
 * Where a payer's browser goes to pay: an address that is opened, or, with `form`, one to which the fields are posted. An
 * address `bridge:NAME` is no page: the fields go to the function NAME of the app in whose browser the page stands.
 */
export interface PayLink {
  readonly url: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** Between an address and the fields that are posted to it. No address of a platform has a fragment. */
const mark = '#post:';

/** Writes a link that must be posted as one text, so that it is kept like any other link of an attempt. */
export function linkOfForm(url: string, form: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(form).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return `${url}${mark}${pairs.join('&')}`;
}

/** Reads an attempt's link. Throws a URIError when its fields are not what `linkOfForm` wrote: a fault of ours. */
export function readLink(link: string): PayLink {
  const at = link.indexOf(mark);
  if (at < 0) return { url: link };
  const pairs = link
    .slice(at + mark.length)
    .split('&')
    .map((pair) => pair.split('=').map(decodeURIComponent));
  return { url: link.slice(0, at), form: Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value])) };
}
