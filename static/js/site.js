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

// Rows: arrows walk them, and j and k; where a drawer is open, it follows, also onto other pages.
const rowLinks = () =>
  all("[data-rows] tbody tr").map((row) => find("a[href]", row)).filter(Boolean);
const openRows = '[data-rows] tr[aria-current="true"]';
const openLink = () => find(`${openRows} a[href]`);
function walkRows(step, mayBegin = false) {
  const links = rowLinks();
  const focused = links.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : links.indexOf(openLink());
  if (from < 0 && !(mayBegin && links.length)) return false;
  const link = from < 0 ? links[0] : links[from + step];
  if (!link) {
    find(`.drawer [rel="${step > 0 ? "next" : "prev"}"]`)?.click();
    return true;
  }
  link.focus();
  if (openLink()) link.click();
  return true;
}
function markRow(link) {
  for (const row of all(openRows)) row.removeAttribute("aria-current");
  link.closest("tr").setAttribute("aria-current", "true");
}

// Parts of a page that most visits never ask for are loaded when somebody does.
const openPalette = ({ dataset }) => import("./palette.js").then(({ open }) => open(dataset.palette));
const isPaletteKey = (event) =>
  (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === "k";
function followTerm(event) {
  const link = event.target.closest("a.term");
  const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || !("popover" in link)) return;
  event.preventDefault();
  import("./terms.js").then(({ show }) => show(link));
}

function onKey(event) {
  const opener = isPaletteKey(event) && find("[data-palette]");
  if (opener) {
    event.preventDefault();
    openPalette(opener);
    return;
  }
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
    "/": () => goTo('main input[type="search"]', "focus") || goTo('input[type="search"]', "focus"),
    g: () => goTo("[data-glossary]", "click"),
    t: () => turnTimes(),
    c: () => goTo(".drawer [data-copy]", "click"),
    j: () => walkRows(1, true),
    k: () => walkRows(-1, true),
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

// Times: "3 min ago" or "2026-11-23 14:05 UTC", each a title of the other.
function showTimes(within = document) {
  if (remember("times") !== "exact") return;
  for (const time of all("time[title]:not([data-words])", within)) {
    time.dataset.words = time.textContent;
    time.textContent = time.title;
  }
}
function turnTimes() {
  const wasExact = remember("times") === "exact";
  remember("times", wasExact ? null : "exact");
  if (!wasExact) showTimes();
  for (const time of wasExact ? all("time[data-words]") : []) {
    time.textContent = time.dataset.words;
    delete time.dataset.words;
  }
  announce(wasExact ? "Times say how long ago" : "Times are shown in full");
  return true;
}

// "Read this page in 60 seconds": put away page by page, brought back together.
function putTourAway({ dataset }) {
  root.dataset.toursOff = `${root.dataset.toursOff ?? ""} ${dataset.tour}`.trim();
  remember("tours-off", root.dataset.toursOff);
  announce("Put away. The list of keys (?) brings it back.");
}
function bringToursBack() {
  delete root.dataset.toursOff;
  remember("tours-off", null);
  announce("It is on its pages again");
}

function onClick(event) {
  const on = (selector) => event.target.closest(selector);
  for (const menu of all("details[data-dropdown][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (on("[data-theme-toggle]")) nextTheme();
  if (on("[data-keymap-open]")) openKeymap();
  if (on("button[data-palette]")) openPalette(on("button[data-palette]"));
  if (on("[data-tour-off]")) putTourAway(on("[data-tour]"));
  if (on("[data-tours-on]")) bringToursBack();
  followTerm(event);
  if (on("time[title]") && !on("a, button, summary")) turnTimes();
  if (on("[data-copy]")) copy(on("[data-copy]"));
  const link = on("[data-rows] tbody a");
  if (link) markRow(link);
  if (on(".drawer [data-close]")) find(openRows)?.removeAttribute("aria-current");
}

// Forms: ask before what cannot be undone, and send once.
function onSubmit(event) {
  const form = event.target;
  if (isTooLarge(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    announce(`This file is larger than ${form.dataset.most}, the limit.`);
    return;
  }
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
const isTooLarge = (form) =>
  "upload" in form.dataset &&
  all('input[type="file"]', form).some(({ files }) => files[0]?.size > form.dataset.mostBytes);
// htmx tells how much was sent; without scripts the browser shows that itself.
function onSent(event) {
  const bar = find("[data-upload-progress]", event.target);
  const { lengthComputable, loaded, total } = event.detail;
  const file = find('input[type="file"]', event.target)?.files[0];
  // The answer's own progress comes by the same name, and is smaller than the file.
  if (!bar || !file || !lengthComputable || total < file.size) return;
  bar.hidden = false;
  find("progress", bar).value = (100 * loaded) / total;
  find("output", bar).textContent =
    loaded < total
      ? `${Math.floor((100 * loaded) / total)} % sent: ${size(loaded)} of ${size(total)}`
      : "All of it is sent; its first rows are being read.";
}
function onChange(event) {
  const input = event.target;
  if (input.matches("[data-single-keys]")) remember("single-keys", input.checked ? null : "off");
  if (input.matches("[data-submit-on-change]")) input.form.requestSubmit();
  const note = input.closest("[data-drop]")?.querySelector("[data-drop-note]");
  if (!note) return;
  note.textContent = [...input.files].map((file) => `${file.name} · ${size(file.size)}`).join(", ");
  if (isTooLarge(input.form)) note.textContent += `: over the limit of ${input.form.dataset.most}`;
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
document.addEventListener("htmx:xhr:progress", onSent);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.boosted) find(".error-summary")?.focus();
});
addEventListener("pageshow", (event) => event.persisted && letFormsSendAgain());

document.addEventListener("htmx:load", (event) => showTimes(event.detail.elt));
showTheme(root.dataset.theme ?? "system");
showTimes();
const singleKeys = find("[data-single-keys]");
if (singleKeys) singleKeys.checked = remember("single-keys") !== "off";
find(".error-summary")?.focus();
