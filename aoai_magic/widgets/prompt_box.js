// The chat panel's box for a prompt: what is typed goes to Python after a pause, Ctrl+Enter or Cmd+Enter sends it, Escape
// stops the reply. It takes the focus from a button that was pressed and is greyed, which would lose it. It also
// tells screen readers how a reply stands, and puts a new cell below the panel's own where the front end has a way.

const PAUSE = 250; // ms without a keystroke before Python is told

function render({ model, el }) {
  el.classList.add("aoai-prompt");
  const box = document.createElement("textarea");
  box.rows = 3;
  box.placeholder = `Write a prompt. ${navigator.platform.startsWith("Mac") ? "Cmd" : "Ctrl"}+Enter sends it.`;
  box.setAttribute("aria-label", "Prompt");
  box.setAttribute("aria-keyshortcuts", "Control+Enter Meta+Enter Escape");
  box.value = model.get("text");
  const heard = document.createElement("div");
  heard.className = "aoai-heard";
  heard.setAttribute("role", "status");
  el.append(box, heard);

  let told = box.value;
  let waiting;
  function tell() {
    clearTimeout(waiting);
    if (box.value === told) return;
    told = box.value;
    model.set("text", told);
    model.save_changes();
  }

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(tell, PAUSE);
  });
  box.addEventListener("blur", tell); // before a button hears that it was pressed
  box.addEventListener("keydown", (event) => {
    event.stopPropagation(); // keys typed here are text, not the notebook's shortcuts
    if (event.key === "Escape") model.send({ pressed: "stop" });
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    tell();
    model.send({ pressed: "send" });
  });

  function show() {
    const text = model.get("text");
    if (text === told) return;
    if (box.value === told) box.value = text; // else something new was typed meanwhile, and stays
    told = text;
  }
  const say = () => (heard.textContent = model.get("heard"));
  const put = async (message) => {
    if (message.focus) box.focus({ preventScroll: true });
    if (message.cell === undefined) return;
    const done = await insert(model, message.panel, message.cell).catch(() => false);
    model.send({ inserted: done });
  };

  model.on("change:text", show);
  model.on("change:heard", say);
  model.on("msg:custom", put);
  return () => {
    tell();
    model.off("change:text", show);
    model.off("change:heard", say);
    model.off("msg:custom", put);
  };
}

// JupyterLab's and Notebook's widget manager knows the notebook that it belongs to; others have none to put a cell in.
async function insert(model, panel, source) {
  const own = await model.widget_manager.get_model(panel);
  const notebook = own.widget_manager?.context?.model?.sharedModel;
  if (!notebook?.insertCell) return false;
  const here = notebook.cells.findIndex((cell) => JSON.stringify(cell.toJSON().outputs ?? "").includes(panel));
  notebook.insertCell(here < 0 ? notebook.cells.length : here + 1, { cell_type: "code", source, metadata: {} });
  return true;
}

export default { render };
