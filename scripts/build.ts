import { ensureBuilt } from './build-app.ts';

await ensureBuilt({ force: true });
