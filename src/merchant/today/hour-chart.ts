/** The chart's numbers, worked out: everything in pixels of its own drawing area, amounts in fen. */
export interface HourChart {
  readonly width: number;
  readonly height: number;
  readonly bars: readonly Bar[];
  readonly lines: readonly { readonly y: number; readonly fen: number }[];
  /** Where the base line lies. */
  readonly baseY: number;
  readonly left: number;
  readonly right: number;
}

/** One hour: its bar, the mark of what is usual, and its label below when there is room. */
export interface Bar {
  readonly hour: number;
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly fen: number;
  /** The hour that is under way. */
  readonly isOpen: boolean;
  readonly usualY: number | undefined;
  readonly label: string | undefined;
  /** The highest bar carries its amount. */
  readonly isTop: boolean;
}

/** What the chart shows. */
export interface HourInput {
  readonly hours: readonly number[];
  readonly usual: readonly number[] | undefined;
  /** The hour that is under way; undefined for a day that is over. */
  readonly openHour: number | undefined;
  readonly width: number;
  readonly height: number;
}

const margin = { left: 44, right: 4, top: 22, bottom: 22 };
const barShare = 0.62;
const labelRoomPx = 34;
/** A quiet day still shows the hours of a shop. */
const emptyHours = [8, 20] as const;

/** The next step of 1, 2, 2.5 or 5 times a power of ten yuan that is at least `fen`, in fen; at least one yuan. */
export function niceStep(fen: number): number {
  const yuan = Math.max(1, fen / 100);
  const power = 10 ** Math.floor(Math.log10(yuan));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= yuan - 1e-9) ?? 10;
  return Math.round(factor * power * 100);
}

/** First and last hour that are worth showing: where anything was paid, is usual, or is under way. */
export function shownHours({ hours, usual, openHour }: Pick<HourInput, 'hours' | 'usual' | 'openHour'>): {
  readonly first: number;
  readonly last: number;
} {
  const isUsed = (hour: number): boolean => (hours[hour] ?? 0) > 0 || (usual?.[hour] ?? 0) > 0 || hour === openHour;
  const used = Array.from({ length: 24 }, (_, hour) => hour).filter(isUsed);
  const [low, high] = emptyHours;
  const first = used[0] ?? low;
  const last = used.at(-1) ?? high;
  // A single bar would fill the whole width and say nothing.
  const short = Math.max(0, 8 - (last - first + 1));
  const from = Math.max(0, Math.min(first - Math.ceil(short / 2), 23 - 7));
  return { first: from, last: Math.max(last, from + 7) };
}

/** Works the drawing out. */
export function hourChart(input: HourInput): HourChart {
  const { hours, usual, openHour, width, height } = input;
  const { first, last } = shownHours(input);
  const most = Math.max(1, ...hours.slice(first, last + 1), ...(usual?.slice(first, last + 1) ?? []));
  const step = niceStep(most / 2);
  const topFen = step * Math.max(1, Math.ceil(most / step));
  const baseY = height - margin.bottom;
  const yOf = (fen: number): number => baseY - (fen / topFen) * (baseY - margin.top);
  const cell = (width - margin.left - margin.right) / (last - first + 1);
  const everyNth = Math.max(1, Math.ceil(labelRoomPx / cell));
  const top = Math.max(...hours);
  const bars = Array.from({ length: last - first + 1 }, (_, index): Bar => {
    const hour = first + index;
    const fen = hours[hour] ?? 0;
    const usualFen = usual?.[hour] ?? 0;
    return {
      ...{ hour, fen },
      x: margin.left + index * cell + (cell * (1 - barShare)) / 2,
      width: cell * barShare,
      y: yOf(fen),
      isOpen: hour === openHour,
      usualY: usualFen > 0 ? yOf(usualFen) : undefined,
      label: index % everyNth === 0 ? String(hour).padStart(2, '0') : undefined,
      isTop: fen > 0 && fen === top && hours.indexOf(top) === hour,
    };
  });
  const lines = Array.from({ length: topFen / step + 1 }, (_, index) => ({ fen: index * step, y: yOf(index * step) }));
  return { width, height, bars, lines, baseY, left: margin.left, right: width - margin.right };
}
