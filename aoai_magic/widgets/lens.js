// The token lens: a box for each text, and under it a pane for each model. Python cuts; this only shows.
// Text goes into the page through textContent and value, never as HTML.

const PAUSE = 80; // ms without a keystroke before Python is asked

function element(name, className, parent) {
  const made = document.createElement(name);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function fill(pane, { head, price, shown, ids, bytes }) {
  pane.head.textContent = head + price;
  const spans = document.createDocumentFragment();
  shown.forEach((text, at) => {
    const span = element("span", "", spans);
    span.textContent = text;
    span.title = `${ids[at]}: ${bytes[at]}`;
  });
  pane.tokens.replaceChildren(spans);
}

function render({ model, el }) {
  const root = element("div", "aoai-lens", el);
  let panes = [];
  let boxes = [];

  function build() {
    root.replaceChildren();
    panes = [];
    boxes = model.get("texts").map((text, at) => {
      const section = element("section", "", root);
      const box = element("textarea", "", section);
      box.value = text;
      box.spellcheck = false;
      box.setAttribute("aria-label", `text ${at + 1}`);
      let waiting;
      box.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          model.set("texts", boxes.map((one) => one.value));
          model.save_changes();
        }, PAUSE);
      });
      // Keys typed here are text, not the notebook's shortcuts.
      box.addEventListener("keydown", (event) => event.stopPropagation());
      for (const _ of model.get("models")) {
        panes.push({ head: element("div", "head", section), tokens: element("div", "tokens", section) });
      }
      return box;
    });
    show();
  }

  function show() {
    model.get("panes").forEach((pane, at) => panes[at] && fill(panes[at], pane));
  }

  function texts() {
    const now = model.get("texts");
    if (now.length !== boxes.length) return build();
    now.forEach((text, at) => {
      if (boxes[at].value !== text && document.activeElement !== boxes[at]) boxes[at].value = text;
    });
  }

  build();
  model.on("change:panes", show);
  model.on("change:texts", texts);
  model.on("change:models", build);
  return () => {
    model.off("change:panes", show);
    model.off("change:texts", texts);
    model.off("change:models", build);
  };
}

export default { render };
