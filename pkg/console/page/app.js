// The page has two views, one of a device and one of the fleet. The URL says which of them to show,
// and what to show in it.

import { devicePage } from './devicepage.js';
import { askForToken, tokenDialog } from './dialog.js';
import { byId } from './dom.js';
import { isFleet } from './fleetaddress.js';
import { fleetPage } from './fleetpage.js';
import { icon } from './icons.js';
import { followLinks, leadTo } from './links.js';
import { preferences, setPreference } from './preferences.js';
import { translate } from './text.js';
import { takeTokenFromFragment, token } from './token.js';

// pages maps the name of each view to its functions:
//   - form is the id of its form.
//   - setUp adds its listeners.
//   - show shows the results for the URL. follow does the same after Back or Forward, but may keep
//     results that are already on the page.
//   - leave stops the view before the other one is shown.
//   - The other functions apply a new token, language or time zone.
const pages = { device: devicePage, fleet: fleetPage };

let page = null; // the view that the page shows

// turn switches to the view that the URL names. It returns false if the page already shows this
// view.
function turn() {
  const next = isFleet() ? 'fleet' : 'device';
  if (page === pages[next]) return false;
  page?.leave();
  page = pages[next];
  for (const [name, { form }] of Object.entries(pages)) {
    byId(form).hidden = name !== next;
    if (name === next) byId(`view-${name}`).setAttribute('aria-current', 'page');
    else byId(`view-${name}`).removeAttribute('aria-current');
  }
  return true;
}

function show() {
  turn();
  page.show();
}

// switches maps the name of each switch in the top bar to the function that applies its setting.
const switches = {
  lang: () => {
    translatePage();
    page.changeLanguage();
  },
  zone: () => {
    page.refreshForm();
    page.changeZone();
  },
  theme: () => {
    if (preferences.theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = preferences.theme;
  },
};

function setUpSwitch(name, apply) {
  const press = () => {
    for (const button of byId(name).children) button.setAttribute('aria-pressed', button.value === preferences[name]);
  };
  press();
  byId(name).addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (!button) return;
    setPreference(name, button.value);
    press();
    apply();
  });
}

function translatePage() {
  translate(document);
  page.refreshForm();
}

for (const slot of document.querySelectorAll('[data-icon]')) slot.append(icon(slot.dataset.icon));
for (const [name, apply] of Object.entries(switches)) setUpSwitch(name, apply);
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('results').focus();
});
addEventListener('popstate', () => {
  if (turn()) page.show();
  else page.follow();
});
followLinks(show);
addEventListener('hashchange', () => {
  if (!takeTokenFromFragment()) return;
  show();
  page.listInstances();
});
for (const one of Object.values(pages)) one.setUp();
tokenDialog(() => {
  show();
  page.listInstances();
});
leadTo('fleet', '/?view=fleet');
turn();
translatePage();
page.show();
if (!token()) askForToken('token.why');
