// What a picture costs: the picture with its tiles or patches, and what to turn. Python counts; this draws.
// Text goes into the page through textContent and value, never as HTML.

const DETAILS = ["low", "high", "auto", "original"];
const SIZES = { min: 32, max: 8192, step: 32 };
const SHOWN = 640; // px of the canvas

function element(name, parent, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  parent.append(made);
  return made;
}

function render({ model, el }) {
  const root = element("div", el, { className: "aoai-vision" });
  const left = element("div", root);
  const right = element("div", root);
  const canvas = element("canvas", left, { role: "img" });
  const controls = element("div", right, { className: "controls" });
  const head = element("div", right, { className: "head" });
  const steps = element("ol", right);
  const body = element("tbody", element("table", element("div", right, { className: "table", role: "region", ariaLabel: "all models" })));

  function send(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  function labelled(text, make) {
    element("label", controls, { textContent: text });
    return make();
  }

  const longest = Math.max(SIZES.max, ...model.get("original"));
  const slider = labelled("longest side", () => element("input", controls, { type: "range", ...SIZES, max: longest, step: 1, ariaLabel: "longest side in px" }));
  const box = element("input", controls, { type: "number", min: 1, max: longest, ariaLabel: "longest side in px, as a number" });
  const detail = labelled("detail", () => element("select", controls, { ariaLabel: "detail" }));
  const chosen = labelled("model", () => element("select", controls, { ariaLabel: "model" }));
  for (const one of DETAILS) element("option", detail, { value: one, textContent: one });

  slider.addEventListener("input", () => send("longest", Number(slider.value)));
  box.addEventListener("change", () => send("longest", Number(box.value) || 1));
  detail.addEventListener("change", () => send("detail", detail.value));
  chosen.addEventListener("change", () => send("model", chosen.value));
  // Keys typed here are numbers, not the notebook's shortcuts.
  root.addEventListener("keydown", (event) => event.stopPropagation());

  const image = new Image();
  image.addEventListener("load", draw);

  function draw() {
    const { resized, cell } = model.get("outcome");
    const [width, height] = model.get("original");
    const scale = SHOWN / Math.max(width, height);
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    if (!cell) return;
    pen.strokeStyle = "white";
    pen.lineWidth = cell > 100 ? 3 : 1; // a few lines, or very many
    pen.shadowColor = "black";
    pen.shadowBlur = cell > 100 ? 4 : 0;
    pen.beginPath();
    for (let x = cell; x < resized[0]; x += cell) {
      const at = Math.round((x / resized[0]) * canvas.width) + 0.5;
      pen.moveTo(at, 0);
      pen.lineTo(at, canvas.height);
    }
    for (let y = cell; y < resized[1]; y += cell) {
      const at = Math.round((y / resized[1]) * canvas.height) + 0.5;
      pen.moveTo(0, at);
      pen.lineTo(canvas.width, at);
    }
    pen.stroke();
  }

  function controlsNow() {
    slider.value = model.get("longest");
    if (document.activeElement !== box) box.value = model.get("longest");
    detail.value = model.get("detail");
    chosen.replaceChildren();
    for (const one of new Set([...model.get("models"), model.get("model")])) {
      element("option", chosen, { value: one, textContent: one });
    }
    chosen.value = model.get("model");
  }

  function outcome() {
    const found = model.get("outcome");
    head.textContent = found.head + found.price;
    canvas.ariaLabel = `the picture and what it is counted in: ${found.head}`;
    steps.replaceChildren();
    for (const step of found.steps) element("li", steps, { textContent: step });
    body.replaceChildren();
    const titles = element("tr", body);
    for (const title of ["model", "tokens", "price"]) element("th", titles, { textContent: title });
    for (const one of found.table) {
      const row = element("tr", body, { className: one.model === model.get("model") ? "chosen" : "" });
      row.addEventListener("click", () => send("model", one.model));
      for (const text of [one.model, one.tokens, one.price]) element("td", row, { textContent: text });
    }
    draw();
  }

  function picture() {
    image.src = model.get("picture");
  }

  const watched = { "change:picture": picture, "change:outcome": outcome };
  for (const name of ["longest", "detail", "model", "models"]) watched[`change:${name}`] = controlsNow;
  for (const [name, react] of Object.entries(watched)) model.on(name, react);
  controlsNow();
  outcome();
  picture();
  return () => {
    for (const [name, react] of Object.entries(watched)) model.off(name, react);
  };
}

export default { render };
