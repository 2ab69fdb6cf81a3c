// Loaded before the first paint, so that nothing which was chosen against ever flashes.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
  const off = localStorage.getItem("tours-off");
  if (off) document.documentElement.dataset.toursOff = off;
} catch {
  // Storage is switched off: the system's theme applies.
}
