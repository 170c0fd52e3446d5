/** The dashboard's page begins here. */
import 'uplot/dist/uPlot.min.css';
import './styles/theme.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/market.css';
import './styles/desk.css';
import './styles/causes.css';
import './styles/views.css';
import './styles/narrow.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme } from './panels/theme.tsx';
import { start } from './store.ts';

applyTheme();
start();
const page = document.getElementById('page')!;
// What the document showed until now.
page.replaceChildren();
render(<App />, page);
