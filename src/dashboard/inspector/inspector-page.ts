/**
 * The page that hands what the engine tells on to Stately's inspector, which lives in a frame of it. It connects when the
 * inspector says that it listens, and anew whenever that was reloaded: the engine begins with every actor as it is.
 */

export const INSPECTOR_URL = 'https://stately.ai/inspect';

export const inspectorPage = (inspector: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>QuantOS: running machines</title>
<link rel="stylesheet" href="/inspector.css">
</head>
<body>
<p id="status" role="status">Waiting for Stately's inspector (${inspector}), which wants the network.</p>
<iframe id="inspector" title="Stately inspector" src="${inspector}"></iframe>
<script src="/inspector.js"></script>
</body>
</html>
`;

export const inspectorStyle = `html, body { height: 100%; margin: 0; font: 14px/1.4 system-ui, sans-serif; color-scheme: light dark; }
body { display: flex; flex-direction: column; }
p { margin: 0; padding: .4em .8em; }
iframe { flex: 1; border: 0; }
`;

export const inspectorScript = `'use strict';
const frame = document.getElementById('inspector');
const status = document.getElementById('status');
const { origin } = new URL(frame.src);
let socket = null;
addEventListener('message', ({ source, origin: from, data }) => {
  if (source !== frame.contentWindow || from !== origin || data === null || typeof data !== 'object') return;
  if (data.type === '@statelyai.connected') connect();
});
function connect() {
  if (socket !== null) {
    socket.onclose = socket.onmessage = null;
    socket.close();
  }
  socket = new WebSocket('ws://' + location.host + '/');
  socket.onopen = () => { status.textContent = 'Showing the running machines.'; };
  socket.onmessage = ({ data }) => frame.contentWindow.postMessage(JSON.parse(data), origin);
  socket.onclose = () => {
    status.textContent = 'The engine is gone; looking for it.';
    setTimeout(connect, 1000);
  };
}
`;
