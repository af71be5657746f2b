// A script of its own that runs before the page is drawn, so that a chosen theme
// does not flash up in the other colours.
try {
  const theme = localStorage.getItem('device-trace.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Nothing is remembered: the system's theme.
}
