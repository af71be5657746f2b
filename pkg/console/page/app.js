// Starts the page: the switches in the top bar, the token and the view of a device.

import { devicePage } from './devicepage.js';
import { askForToken, tokenDialog } from './dialog.js';
import { byId } from './dom.js';
import { icon } from './icons.js';
import { preferences, setPreference } from './preferences.js';
import { translate } from './text.js';
import { takeTokenFromFragment, token } from './token.js';

const page = devicePage;

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
addEventListener('popstate', () => page.follow());
addEventListener('hashchange', () => {
  if (!takeTokenFromFragment()) return;
  page.show();
  page.listInstances();
});
page.setUp();
tokenDialog(() => {
  page.show();
  page.listInstances();
});
translatePage();
page.show();
if (!token()) askForToken('token.why');
