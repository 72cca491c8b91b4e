import { runTool } from './processes.ts';
import { startFromCommandLine } from './start-stack.ts';

// The stack on its usual ports, and Vite in front of it with hot replacement.
await startFromCommandLine({ serveBuiltApp: false });
await runTool('vite', ['--strictPort']);
