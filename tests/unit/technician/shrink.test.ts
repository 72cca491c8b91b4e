import { expect, test } from 'vitest';
import { fittedSize, photoSideMaxPx } from '../../../src/technician/inspect/shrink.ts';

test.each([
  [4000, 3000, 1600, 1200],
  [3000, 4000, 1200, 1600],
  [800, 600, 800, 600],
  [10_000, 3, 1600, 1],
])('%i × %i fits as %i × %i', (width, height, fitWidth, fitHeight) => {
  expect(fittedSize(width, height, photoSideMaxPx)).toEqual({ width: fitWidth, height: fitHeight });
});
