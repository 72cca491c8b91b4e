import { decisionFigures } from './decisions.ts';
import { figureLine } from '../figure.ts';
const t0 = performance.now();
for await (const f of decisionFigures()) console.log(((performance.now() - t0) / 1000).toFixed(1), figureLine(f));
process.exit(0);
