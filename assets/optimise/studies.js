// The list of studies: searches while somebody types, follows the studies that run, and does what
// is asked of a row: open, name and notes, cancel, go on, delete.
(() => {
  // These scripts come later than this one.
  const ask = (path) => window.runs.ask(path);
  const send = (path, body) => window.runs.send(path, body);
  const tell = (error) => window.runs.tell(error);
  const TYPING_MS = 180;
  const LOOK_MS = 1000; // between two looks at studies that run
  const by = (id) => document.getElementById(id);

  const h = (...parts) => window.React.createElement(...parts);
  const sign = (name) => h("i", { className: `bi bi-${name}`, "aria-hidden": "true" });
  const button = (study, what, label, icon, more = "") =>
    h("button", { key: what, type: "button", title: label, "aria-label": label, tabIndex: -1,
      "data-study-do": what, "data-study": study, className: `row-button ${more}`.trim() }, sign(icon));

  const StudyLink = ({ data }) =>
    h("a", { href: `/optimise?study=${data.id}`, className: "run-link", tabIndex: -1 }, data.id);

  const StudyState = ({ data }) => {
    const percent = `${Math.floor(100 * data.share)} %`;
    const isPart = data.is_active || (data.can_go_on && data.done > 0);
    const rest = data.rest === null ? "" : `, about ${data.rest} s left`;
    return h("span", { className: `study-state is-${data.state}`, title: `${data.done.toLocaleString("en-US")} of ${data.combinations.toLocaleString("en-US")} tried${rest}` },
      h("span", { className: "study-word" }, isPart ? `${data.state_text} ${percent}` : data.state_text),
      isPart && h("span", { className: "study-bar" }, h("span", { style: { width: percent.replace(" ", "") } })));
  };

  const StudyBest = ({ data }) =>
    data.best === null ? h("span", { className: "muted" }, data.is_active ? "" : "n/a")
      : h("span", null, h("span", { className: "muted" }, `${data.objective} `), data.best_text);

  const StudyActions = ({ data }) => h("span", { className: "row-buttons" },
    data.is_active && button(data.id, "cancel", `Cancel study ${data.id}`, "stop-circle"),
    data.can_go_on && button(data.id, "go-on", `Go on with study ${data.id}`, "play-circle"),
    button(data.id, "edit", `Name and notes of study ${data.id}${data.note ? " (has notes)" : ""}`,
      data.note ? "journal-text" : "pencil", data.note ? "has-note" : ""),
    button(data.id, "delete", `Delete study ${data.id}`, "trash"));

  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, {
    StudyLink, StudyState, StudyBest, StudyActions,
  });

  const isListed = () => Boolean(by("studies-table")) && !by("opt-placeholder")?.hidden;
  let round = 0; // answers to an earlier question come too late
  let timer = 0;

  // What stands still leaves a phone no room to scroll the rest.
  const narrow = (grid) => {
    const isWide = window.innerWidth >= 721;
    grid.setColumnsPinned(["actions"], isWide ? "right" : null);
    grid.setColumnsVisible(["name", "method"], isWide);
  };

  const look = async () => {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    if (!isListed()) return;
    try {
      const { rows, text } = await ask(`/api/studies?${new URLSearchParams({ q: by("studies-search").value })}`);
      if (mine !== round || !isListed()) return;
      const grid = await window.dash_ag_grid.getApiAsync("studies-table");
      grid.setGridOption("rowData", rows);
      narrow(grid);
      by("studies-count").textContent = text;
      if (rows.some((row) => row.is_active)) timer = setTimeout(look, LOOK_MS);
    } catch (error) {
      tell(error);
    }
  };

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
    if (!row || event.target.closest("button")) return;
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

  let typing = 0;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "studies-search") return;
    clearTimeout(typing);
    typing = setTimeout(look, TYPING_MS);
  });

  document.addEventListener("studies:changed", ({ detail: { row } }) => {
    look();
    if (isOpen(row.id)) window.dash_clientside.set_props("opt-said", { data: [row.id, row.name, row.note, Date.now()] });
  });

  // A list that comes, or comes back, may show studies that run.
  let shown = false;
  new MutationObserver(() => {
    const is = isListed();
    if (is && !shown) look();
    shown = is;
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
})();
