import type QRCodeStyling from 'qr-code-styling';

type Styling = typeof QRCodeStyling;

let loading: Promise<Styling> | undefined;

/** Fetches the program that draws codes, once. Rejects when it cannot be fetched; the next call tries again. */
export function loadQr(): Promise<Styling> {
  loading ??= import('qr-code-styling').then(
    (module) => module.default,
    (cause: unknown) => {
      loading = undefined;
      throw cause;
    },
  );
  return loading;
}

/** Light modules round the code, as ISO/IEC 18004 asks. */
export const quietModules = 4;
const unitsPerModule = 10;

/** A drawn code and how many modules its side has, with the quiet zone. */
export interface DrawnCode {
  readonly svg: SVGElement;
  readonly modules: number;
}

/** Draws `text` with square modules and correction level M; every module is ten units, so that it can fall on whole pixels. */
export async function drawQr(text: string): Promise<DrawnCode> {
  const Styling = await loadQr();
  const look = {
    type: 'svg',
    data: text,
    qrOptions: { errorCorrectionLevel: 'M' },
    dotsOptions: { type: 'square', color: '#000000', roundSize: false },
    cornersSquareOptions: { type: 'square', color: '#000000' },
    cornersDotOptions: { type: 'square', color: '#000000' },
    backgroundOptions: { color: '#ffffff' },
  } as const;
  const count = new Styling(look)._qr?.getModuleCount() ?? 0;
  const modules = count + 2 * quietModules;
  const size = modules * unitsPerModule;
  const code = new Styling({ ...look, width: size, height: size, margin: quietModules * unitsPerModule });
  const host = document.createElement('div');
  code.append(host);
  await code._svgDrawingPromise;
  const svg = host.querySelector('svg');
  if (svg === null) throw new Error('drawQr: no picture was drawn');
  return { svg, modules };
}

/** The largest side in CSS px at which every module of a code is a whole number of the screen's pixels. */
export function sideFor(availablePx: number, modules: number, pixelRatio: number): number {
  const perModule = Math.floor((availablePx * pixelRatio) / modules);
  return perModule < 1 ? availablePx : (perModule * modules) / pixelRatio;
}
