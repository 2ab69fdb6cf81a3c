// What a word means, fetched when somebody asks and shown beside the word.
let note = null;

export async function show(link) {
  const [page, key] = link.href.split("#");
  try {
    const response = await fetch(`${page}${key}/`);
    if (!response.ok || response.redirected) throw new Error("not there");
    note ??= made();
    note.innerHTML = await response.text();
  } catch {
    location.assign(link.href);
    return;
  }
  note.hidePopover();
  note.showPopover({ source: link });
  note.focus();
}

function made() {
  const element = document.createElement("div");
  element.className = "term-note";
  element.popover = "auto";
  element.tabIndex = -1;
  element.setAttribute("role", "note");
  document.body.append(element);
  return element;
}
