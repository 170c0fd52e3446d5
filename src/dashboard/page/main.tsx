/** The dashboard's page begins here. */
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme } from './panels/theme.tsx';
import { start } from './store.ts';

applyTheme();
start();
render(<App />, document.getElementById('page')!);
