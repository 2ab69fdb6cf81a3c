// The palette: loaded when somebody first asks for it, and kept for as long as the page is.
let dialog = null;
let asking = null; // the request under way
let goes = false; // Enter was pressed before the answer came

const field = () => dialog.querySelector('[role="combobox"]');
const form = () => dialog.querySelector("form");
const list = () => dialog.querySelector('[role="listbox"]');
const options = () => [...dialog.querySelectorAll('[role="option"]')];
const chosen = () => dialog.querySelector('[role="option"][aria-selected="true"]');

export async function open(address) {
  if (dialog?.open) return;
  if (!dialog) {
    const response = await fetch(address);
    if (!response.ok || response.redirected) return location.assign(address);
    document.body.insertAdjacentHTML("beforeend", await response.text());
    dialog = document.querySelector("dialog[data-palette]");
    listen();
  }
  dialog.showModal();
  field().select();
  choose(options()[0]);
}

function listen() {
  let timer;
  dialog.addEventListener("input", () => {
    clearTimeout(timer);
    choose(null);
    asking?.abort();
    asking = new AbortController();
    timer = setTimeout(() => look(asking), 120);
  });
  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("submit", (event) => {
    if (!asking) return;
    event.preventDefault();
    goes = true;
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

async function look(asked) {
  const words = new URLSearchParams({ q: field().value });
  try {
    const response = await fetch(`${form().dataset.found}?${words}`, { signal: asked.signal });
    if (!response.ok || response.redirected) throw new Error("signed out");
    list().innerHTML = await response.text();
  } catch {
    if (asked.signal.aborted) return;
    asking = null;
    form().submit(); // the page says what is wrong
    return;
  }
  asking = null;
  dialog.querySelector('[role="status"]').textContent =
    list().querySelector("[data-said]").content.textContent;
  list().scrollTop = 0;
  field().setAttribute("aria-expanded", String(options().length > 0));
  choose(options()[0]);
  if (goes) go(chosen());
  goes = false;
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field().setAttribute("aria-activedescendant", option.id);
  else field().removeAttribute("aria-activedescendant");
}

function go(option) {
  if (!option) return;
  dialog.close();
  location.assign(option.href);
}

function onKey(event) {
  // Said here, since a search field that holds something keeps the key to empty itself.
  if (event.key === "Escape") {
    event.preventDefault();
    return dialog.close();
  }
  const all = options();
  const place = all.indexOf(chosen());
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && all.length) {
    choose(all.at((place + step + all.length) % all.length));
  } else if (event.key === "Enter" && chosen()) {
    if (event.ctrlKey || event.metaKey) globalThis.open(chosen().href, "_blank", "noopener");
    else go(chosen());
  } else return;
  event.preventDefault();
}
