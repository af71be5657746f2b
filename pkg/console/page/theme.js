// Applies the remembered theme. It is a classic script, so that it runs before the page is
// first drawn and the other theme never flashes up.
try {
  const theme = localStorage.getItem('device-trace.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // The browser stores nothing: the system's theme applies.
}
