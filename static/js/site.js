// Comfort on top of pages that work without it. Everything listens on the document, so fragments
// that htmx swaps in need no set-up of their own.
const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const remember = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(key);
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is switched off: the choice lasts for this page only.
  }
  return null;
};

function announce(text) {
  const toast = find("[data-toast]");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => (toast.hidden = true), 3000);
}

// Theme: system → light → dark.
const themes = ["system", "light", "dark"];
function showTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const name of all("[data-theme-name]")) name.textContent = theme;
}
function nextTheme() {
  const theme = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % themes.length];
  remember("theme", theme === "system" ? null : theme);
  showTheme(theme);
}

// Copying: data-copy holds the text, or is empty for the address of this page.
async function copy(button) {
  const text = button.dataset.copy || location.href;
  try {
    await navigator.clipboard.writeText(text);
    announce(button.dataset.copied || "Copied");
  } catch {
    announce(`Could not copy. It is: ${text}`);
  }
}

// Rows: arrows walk them; where a drawer is open, it follows.
const rowLinks = () =>
  all("[data-rows] tbody tr").map((row) => find("a[href]", row)).filter(Boolean);
const openRows = '[data-rows] tr[aria-current="true"]';
const openLink = () => find(`${openRows} a[href]`);
function walkRows(step) {
  const links = rowLinks();
  const focused = links.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : links.indexOf(openLink());
  if (from < 0) return false;
  const link = links[from + step];
  if (!link) return true;
  link.focus();
  if (openLink()) link.click();
  return true;
}
function markRow(link) {
  for (const row of all(openRows)) row.removeAttribute("aria-current");
  link.closest("tr").setAttribute("aria-current", "true");
}

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return closeSomething();
  if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  const walk = { ArrowDown: () => walkRows(1), ArrowUp: () => walkRows(-1) };
  const act = walk[event.key] ?? singleKey(event.key);
  if (act?.()) event.preventDefault();
}
function singleKey(key) {
  if (remember("single-keys") === "off") return null;
  return {
    "?": () => openKeymap(),
    "/": () => goTo('input[type="search"]', "focus"),
    c: () => goTo(".drawer [data-copy]", "click"),
  }[key];
}
function goTo(selector, act) {
  const element = find(selector);
  element?.[act]();
  return element !== null;
}
function openKeymap() {
  const map = find("[data-keymap]");
  if (!map.open) map.showModal();
  return true;
}
function closeSomething() {
  const menu = find("details[data-dropdown][open]");
  if (menu) {
    menu.open = false;
    find("summary", menu).focus();
    return;
  }
  if (find("dialog[open], :popover-open")) return;
  const close = find(".drawer [data-close]");
  if (!close) return;
  openLink()?.focus();
  close.click();
}

function onClick(event) {
  const on = (selector) => event.target.closest(selector);
  for (const menu of all("details[data-dropdown][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (on("[data-theme-toggle]")) nextTheme();
  if (on("[data-keymap-open]")) openKeymap();
  if (on("[data-copy]")) copy(on("[data-copy]"));
  const link = on("[data-rows] tbody a");
  if (link) markRow(link);
  if (on(".drawer [data-close]")) find(openRows)?.removeAttribute("aria-current");
}

// Forms: ask before what cannot be undone, and send once.
function onSubmit(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (form.method !== "post" || "many" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  // After this turn: a disabled button's own name and value would not be sent.
  setTimeout(() => {
    if (event.defaultPrevented) return;
    form.dataset.sent = "true";
    for (const button of all('button:not([type="button"])', form)) button.disabled = true;
  });
}
function letFormsSendAgain() {
  for (const form of all("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of all("button", form)) button.disabled = false;
  }
}

// Files: say what was chosen, and show where it may be dropped.
const size = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
function onChange(event) {
  const input = event.target;
  if (input.matches("[data-single-keys]")) remember("single-keys", input.checked ? null : "off");
  if (input.matches("[data-submit-on-change]")) input.form.requestSubmit();
  const note = input.closest("[data-drop]")?.querySelector("[data-drop-note]");
  if (!note) return;
  note.textContent = [...input.files].map((file) => `${file.name} · ${size(file.size)}`).join(", ");
}
function onDrag(event) {
  const input = event.target.closest?.('[data-drop] input[type="file"]');
  input?.classList.toggle("over", event.type === "dragenter" || event.type === "dragover");
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit, true);
document.addEventListener("change", onChange);
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, onDrag);
}
addEventListener("pageshow", (event) => event.persisted && letFormsSendAgain());

showTheme(root.dataset.theme ?? "system");
const singleKeys = find("[data-single-keys]");
if (singleKeys) singleKeys.checked = remember("single-keys") !== "off";
find(".error-summary")?.focus();
