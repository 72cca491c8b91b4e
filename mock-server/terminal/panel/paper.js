import { h } from './parts.js';

const usualPx = 12.5;

/** The page's policy lets no style attribute in; properties set one by one are allowed. */
function styled(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style[name] = value;
  return element;
}

/** Width sets the size of the letters, so that the line breaks as on paper; a greater height stretches them upwards. */
function spanOf({ text, isBold, width, height }) {
  const span = styled(h('span', {}, text), { fontSize: `${usualPx * width}px`, fontWeight: isBold ? '700' : '400' });
  if (width === height) return span;
  return styled(span, {
    display: 'inline-block',
    transformOrigin: 'bottom',
    transform: `scaleY(${height / width})`,
    marginBlockStart: `${Math.max(0, height - width) * usualPx}px`,
  });
}

/** One printed line: text, a picture, or stretches of different looks. Lines of the device's own slips stand centred. */
export function paperLine(line) {
  const name = line.isLast ? 'p.last' : 'p';
  const place = { textAlign: line.align ?? '' };
  if (line.svg !== undefined) {
    const src = `data:image/svg+xml,${encodeURIComponent(line.svg)}`;
    return styled(h(name, {}, h('img.printed', { src, alt: '' })), place);
  }
  if (line.spans !== undefined) return styled(h(name, {}, ...line.spans.map(spanOf)), place);
  return styled(h(name, {}, line.text === '' ? ' ' : line.text), place);
}
