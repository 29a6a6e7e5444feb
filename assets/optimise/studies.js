// The rows of the list of studies: what their cells show, and what is done with a row: open, name
// and notes, cancel, go on, delete.
(() => {
  // These scripts come later than this one.
  const send = (path, body) => window.runs.send(path, body);
  const tell = (error) => window.runs.tell(error);
  const look = () => window.studies.refresh();

  const h = (...parts) => window.React.createElement(...parts);
  const sign = (name) => h("i", { className: `bi bi-${name}`, "aria-hidden": "true" });
  const button = (study, what, label, icon, more = "") =>
    h("button", { key: what, type: "button", title: label, "aria-label": label, tabIndex: -1,
      "data-study-do": what, "data-study": study, className: `row-button ${more}`.trim() }, sign(icon));

  const StudyLink = ({ data }) =>
    data ? h("a", { href: `/optimise?study=${data.id}`, className: "run-link", tabIndex: -1 }, data.id) : null;

  const StudyState = ({ data }) => {
    if (!data) return null;
    const percent = `${Math.floor(100 * data.share)} %`;
    const isPart = data.is_active || (data.can_go_on && data.done > 0);
    const rest = data.rest === null ? "" : `, about ${data.rest} s left`;
    return h("span", { className: `study-state is-${data.state}`, title: `${data.done.toLocaleString("en-US")} of ${data.combinations.toLocaleString("en-US")} tried${rest}` },
      h("span", { className: "study-word" }, isPart ? `${data.state_text} ${percent}` : data.state_text),
      isPart && h("span", { className: "study-bar" }, h("span", { style: { width: percent.replace(" ", "") } })));
  };

  const StudyBest = ({ data }) =>
    !data ? null : data.best === null ? h("span", { className: "muted" }, data.is_active ? "" : "n/a")
      : h("span", { className: "study-best", title: `${data.objective} ${data.best_text}` },
        h("span", { className: "muted" }, data.objective), h("span", null, data.best_text));

  const StudyActions = ({ data }) => data ? h("span", { className: "row-buttons" },
    data.is_active && button(data.id, "cancel", `Cancel study ${data.id}`, "stop-circle"),
    data.can_go_on && button(data.id, "go-on", `Go on with study ${data.id}`, "play-circle"),
    button(data.id, "edit", `Name and notes of study ${data.id}${data.note ? " (has notes)" : ""}`,
      data.note ? "journal-text" : "pencil", data.note ? "has-note" : ""),
    button(data.id, "delete", `Delete study ${data.id}`, "trash")) : null;

  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    StudyLink, StudyState, StudyBest, StudyActions,
  });

  const open = (path) => window.dash_clientside.set_props("opt-go", { href: path });
  const isOpen = (study) => new URLSearchParams(window.location.search).get("study") === String(study);

  const order = async (study, what) => {
    try {
      await send(`/api/studies/${study}/${what}`, {});
    } catch (error) {
      tell(error);
    }
    look();
  };

  const restore = async (study) => {
    try {
      await send("/api/studies/restore", { ids: [study] });
      window.shell.showToast(`Study ${study} restored.`, "success");
    } catch (error) {
      tell(error);
    }
    look();
  };

  const remove = async (study) => {
    try {
      await send("/api/studies/delete", { ids: [study] });
      window.shell.showToast(`Study ${study} deleted.`, "success", { label: "Undo", run: () => restore(study) });
      if (isOpen(study)) open("/optimise");
    } catch (error) {
      tell(error);
    }
    look();
  };

  const ACTS = {
    edit: (study) => window.runs.editStudy(study),
    cancel: (study) => order(study, "cancel"),
    "go-on": (study) => order(study, "go-on"),
    delete: remove,
  };

  const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button);

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest?.("[data-study-do]");
    if (pressed) return ACTS[pressed.dataset.studyDo]?.(pressed.dataset.study);
    const row = event.target.closest?.("#studies-table .ag-row[row-id]");
    if (!row || event.target.closest("button") || !window.studies.has(row.getAttribute("row-id"))) return;
    const path = `/optimise?study=${row.getAttribute("row-id")}`;
    if (!isPlain(event)) return event.target.closest("a") ? undefined : window.open(path, "_blank", "noopener");
    event.preventDefault();
    if (window.getSelection().isCollapsed) open(path);
  });

  document.addEventListener("keydown", (event) => {
    const cell = event.target.closest?.("#studies-table .ag-cell");
    if (!cell || event.target !== cell || event.key !== "Enter" || !isPlain(event)) return;
    event.preventDefault();
    const study = cell.closest("[row-id]").getAttribute("row-id");
    const buttons = cell.querySelectorAll("button");
    if (buttons.length) window.runs.editStudy(study);
    else open(`/optimise?study=${study}`);
  });

  document.addEventListener("studies:changed", ({ detail: { row } }) => {
    look();
    if (isOpen(row.id)) window.dash_clientside.set_props("opt-said", { data: [row.id, row.name, row.note, Date.now()] });
  });
})();
