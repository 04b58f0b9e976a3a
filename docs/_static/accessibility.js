// What the pages lack for those who use a keyboard or a screen reader; tests/browser checks it.
function mark(selector, attributes) {
  for (const element of document.querySelectorAll(selector))
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

// What scrolls can be reached by the tab key; what does not is no stop on the way.
function markScrolling() {
  const elements = [...document.querySelectorAll("pre, .table-wrapper, p:has(> img)")];
  const scrolls = elements.map((element) => element.scrollWidth > element.clientWidth);
  elements.forEach((element, i) => (scrolls[i] ? element.setAttribute("tabindex", "0") : element.removeAttribute("tabindex")));
}

document.addEventListener("DOMContentLoaded", () => {
  mark(".sidebar-tree .caption", { "aria-level": "2" });
  mark(".sidebar-drawer", { "aria-label": "All pages" });
  mark(".toc-drawer", { "aria-label": "This page" });
  mark("dt > dl", { role: "none" }); // parameters of a long signature, in a list of definitions without terms
  new ResizeObserver(markScrolling).observe(document.documentElement);
});
