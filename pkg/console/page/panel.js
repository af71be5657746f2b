// The panel with everything known about the selected connection.

import { copyButton } from './clipboard.js';
import { el } from './dom.js';
import { evidence, evidenceText } from './evidence.js';
import { icon } from './icons.js';
import { kindLabel, kindOf } from './kinds.js';
import { connectionLabel, lengthOf } from './label.js';
import { swatch } from './legend.js';
import { settledReport } from './snapshot.js';
import { takeoverLinks } from './takeover.js';
import { text } from './text.js';
import { ms } from './time.js';

// panel shows the details of a connection. Its buttons call onZoom, onRows to show the connection's
// events, and onClose. For onConnection, see takeoverLinks.
export function panel(connection, view, { onClose, onZoom, onRows, onConnection }) {
  const { report } = view;
  const kind = kindOf(connection);
  const facts = { ...connection, length: lengthOf(connection, ms(report.to)) };
  const ticket = () => view.ticket(connectionLabel(connection, settledReport(report)), ...evidenceText(facts));
  return el('section', { class: 'picked-connection', 'aria-label': text('connection.title') },
    el('header', {},
      el('h3', {}, swatch(kind), ' ', kindLabel(kind, report)),
      el('span', { class: 'spring' }),
      quietButton(text('connection.rows'), 'arrow', onRows),
      connection.start ? quietButton(text('connection.zoom'), 'in', onZoom) : null,
      copyButton(ticket, { caption: text('copy.text') }),
      el('button', { type: 'button', class: 'button icon-only quiet', title: text('close'), 'aria-label': text('close'), on: { click: onClose } }, icon('cross'))),
    evidence(facts),
    takeoverLinks(connection, view, onConnection));
}

function quietButton(caption, shape, onClick) {
  return el('button', { type: 'button', class: 'button quiet', on: { click: onClick } }, icon(shape), caption);
}
