// Draws the charts of a page when they come into view. Without it the tables under them stand.
const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map(); // the element of each chart that is drawn → its figure
const OPTIONS = { displayModeBar: false, responsive: true };
const PAGE_WIDTH = 680; // of paper, in CSS pixels
let library = null;

function loadLibrary(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

// A figure names its colours as tokens, and an SVG needs them as they are in this theme.
function coloured(part, resolve) {
  if (typeof part === "string") return part.startsWith("var(--") ? resolve(part) : part;
  if (Array.isArray(part)) return part.map((each) => coloured(each, resolve));
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([k, v]) => [k, coloured(v, resolve)]));
}
function inTheme(figure, theme) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.colorScheme = theme;
  document.body.append(probe);
  const seen = new Map();
  const resolve = (token) => {
    if (!seen.has(token)) {
      probe.style.color = token;
      seen.set(token, getComputedStyle(probe).color);
    }
    return seen.get(token);
  };
  const result = coloured(figure, resolve);
  probe.remove();
  const { fontFamily } = getComputedStyle(document.body);
  result.layout.font.family = result.layout.hoverlabel.font.family = fontFamily;
  return result;
}

function draw(plot, figure, { theme = "", width } = {}) {
  const { data, layout } = inTheme(figure, theme);
  return globalThis.Plotly.react(plot, data, { ...layout, width, autosize: !width }, OPTIONS);
}
function drawAll(options) {
  for (const [plot, figure] of drawn) draw(plot, figure, options);
}

// A large figure has an address of its own; a small one lies in the page.
async function figureOf({ dataset }) {
  if (!dataset.from) return JSON.parse(document.getElementById(dataset.figure).textContent);
  const answer = await fetch(dataset.from);
  if (!answer.ok) throw new Error(`no figure: ${answer.status}`);
  return answer.json();
}

async function begin(plot) {
  let figure = null;
  try {
    [figure] = await Promise.all([figureOf(plot), loadLibrary(plot.dataset.plotly)]);
  } catch {
    plot.hidden = true;
    return;
  }
  drawn.set(plot, figure);
  await draw(plot, figure);
  plot.dataset.drawn = "true";
  followPoints(plot);
}

// A click on a point does what a click on its row's link does.
function followPoints(plot) {
  const linkOf = (event) => event.points.map((point) => point.customdata).find(Boolean);
  plot.on("plotly_hover", (event) => plot.classList.toggle("on-link", Boolean(linkOf(event))));
  plot.on("plotly_unhover", () => plot.classList.remove("on-link"));
  plot.on("plotly_click", (event) => {
    const link = linkOf(event);
    if (!link) return;
    if (event.event.ctrlKey || event.event.metaKey) open(link, "_blank", "noopener");
    else location.assign(link);
  });
}

const inView = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      begin(target);
    }
  },
  { rootMargin: "200px" },
);
function watch(within) {
  for (const plot of within.querySelectorAll("[data-plotly]")) inView.observe(plot);
}

watch(document);
document.addEventListener("htmx:load", (event) => watch(event.detail.elt));
new MutationObserver(() => drawAll()).observe(root, { attributeFilter: ["data-theme"] });
systemIsDark.addEventListener("change", () => drawAll());
addEventListener("beforeprint", () => drawAll({ theme: "light", width: PAGE_WIDTH }));
addEventListener("afterprint", async () => {
  drawAll();
  for (const plot of drawn.keys()) await globalThis.Plotly.Plots.resize(plot);
});
