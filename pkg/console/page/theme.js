// Applies the remembered theme. This file is a classic script, so that it runs before the page
// is first drawn. Otherwise the wrong theme would appear for a moment.
try {
  const theme = localStorage.getItem('device-trace.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Stored preferences are not available, so the system's theme applies.
}
