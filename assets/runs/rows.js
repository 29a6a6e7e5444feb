// What is done with rows of the table of runs: open, star, rename, note, choose, compare, delete.
(() => {
  const { send, change, tell, list, address } = window.runs;
  const MOST_COMPARED = 6;
  const by = (id) => document.getElementById(id);
  const grid = () => list.grid();
  const node = (run) => grid()?.getRowNode(String(run));

  const open = (path) => window.dash_clientside.set_props("runs-open", { href: path });

  const star = async (run) => {
    const row = node(run);
    const before = row.data;
    row.setData({ ...before, favourite: !before.favourite });
    try {
      await change(run, { favourite: !before.favourite });
    } catch (error) {
      row.setData(before);
      tell(error);
    }
  };

  const rename = (run) => {
    grid().ensureColumnVisible("name");
    grid().startEditingCell({ rowIndex: node(run).rowIndex, colKey: "name" });
  };

  const renamed = async ({ node: row, oldValue, newValue, colDef }) => {
    if (colDef.field !== "name" || (oldValue || "") === (newValue || "")) return;
    try {
      await change(row.data.id, { name: newValue || "" });
    } catch (error) {
      row.setData({ ...row.data, name: oldValue });
      tell(error);
    }
  };

  const chosen = () => grid().getSelectedRows().map((row) => row.id);
  const runs = (number) => (number === 1 ? "1 run" : `${number} runs`);

  const showChosen = () => {
    const number = chosen().length;
    const bar = by("runs-bar");
    if (!bar) return;
    bar.hidden = !number;
    by("runs-bar-text").textContent = number ? `${runs(number)} chosen` : "";
    const compare = bar.querySelector("[data-run-do='compare']");
    compare.disabled = number < 2 || number > MOST_COMPARED;
    compare.title = compare.disabled ? `Choose 2 to ${MOST_COMPARED} runs to compare them` : "";
  };

  const restore = async (ids) => {
    try {
      const { count } = await send("/api/runs/restore", { ids });
      if (grid() && !grid().isDestroyed()) list.refresh();
      window.shell.showToast(`${runs(count)} restored.`, "success");
    } catch (error) {
      tell(error);
    }
  };

  const remove = async () => {
    const ids = chosen();
    try {
      const { count } = await send("/api/runs/delete", { ids });
      grid().deselectAll();
      list.refresh();
      window.shell.showToast(`${runs(count)} deleted.`, "success", { label: "Undo", run: () => restore(ids) });
    } catch (error) {
      tell(error);
    }
  };

  const ACTS = {
    favourite: ({ run }) => star(run),
    rename: ({ run }) => rename(run),
    edit: ({ run }) => window.runs.edit(run),
    tag: ({ tag }) => list.addTag(tag),
    untag: ({ tag }) => list.dropTag(tag),
    clear: () => list.clear(),
    unselect: () => grid().deselectAll(),
    compare: () => open(`/runs/compare?ids=${chosen().join(",")}`),
    delete: remove,
  };

  const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-run-do]");
    if (button) return button.disabled || ACTS[button.dataset.runDo]?.(button.dataset);
    const row = event.target.closest?.(`#runs-table .ag-row[row-id]`);
    const link = event.target.closest?.("a");
    if (!row || event.target.closest("button, input, .ag-selection-checkbox, .ag-cell-inline-editing")) return;
    const path = `/runs/${row.getAttribute("row-id")}`;
    if (!isPlain(event)) return link ? undefined : window.open(path, "_blank", "noopener");
    event.preventDefault();
    if (node(row.getAttribute("row-id"))?.data && window.getSelection().isCollapsed) open(path);
  });

  const onKey = ({ node: row, column, event }) => {
    if (!row.data || event.target.tagName === "INPUT" || !isPlain(event)) return;
    const field = column.getColId();
    if (event.key === "F2" && field !== "name") rename(row.data.id);
    if (event.key === "Delete" && chosen().length) remove();
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (field === "favourite") star(row.data.id);
    else if (field === "actions") window.runs.edit(row.data.id);
    else if (field === "tags" && row.data.tags.length) list.addTag(row.data.tags[0]);
    else open(`/runs/${row.data.id}`);
  };

  const listenToRows = (api) => {
    api.addEventListener("selectionChanged", showChosen);
    api.addEventListener("cellValueChanged", renamed);
    api.addEventListener("cellKeyDown", onKey);
    showChosen();
  };

  document.addEventListener("runs:changed", ({ detail: { row, known } }) => {
    if (!by("runs-table") || !grid() || grid().isDestroyed()) return;
    node(row.id)?.setData(row);
    const options = [{ value: address.EVERY, label: "Add a tag filter" }, ...known.map((tag) => ({ value: tag, label: tag }))];
    window.dash_clientside.set_props("runs-tag", { options });
  });

  Object.assign(window.runs, { listenToRows });
})();
