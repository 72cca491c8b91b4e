import { mount } from 'svelte';
import '../styles/index.css';
import { app } from '../i18n/app.ts';
import { shared } from '../i18n/shared.ts';
import App from './App.svelte';
import { createShell } from './context.ts';
import { shellRoute } from './routes.ts';

const shell = createShell();
shell.preferences.start();
const texts = Promise.all([shared.load(), app.load()]);
// A terminal's app belongs to a device: nobody is signed in there.
const who = shellRoute(location.pathname).screen === 'terminal' ? undefined : shell.session.load();
await Promise.all([texts, who]);

const target = document.getElementById('app');
if (target === null) throw new Error('main: index.html has no #app');
mount(App, { target, props: { shell } });

shell.router.listen();
shell.jobs.guardUnload();
addEventListener('online', () => shell.events.retryNow());
if (import.meta.env.PROD) void shell.updates.start('/service-worker.js');
