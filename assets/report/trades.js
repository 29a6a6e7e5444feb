// The rows of the trades table, loaded by a plain request and kept in the page, so that a hundred
// thousand of them sort and filter without the server; winners, losers, and the chosen row.
(() => {
  const { state, give, present, asJson, sentence } = window.report;
  const NARROW = matchMedia("(max-width: 720px)");
  const ON_A_PHONE = ["entry", "profit", "return"];
  const IS_OF_KIND = { winners: (trade) => trade.profit > 0, losers: (trade) => trade.profit < 0 };
  let kind = "all";
  let loaded = null; // the run whose rows the table holds

  const gridApi = () =>
    document.getElementById("trades-grid") && window.dash_ag_grid?.getApi("trades-grid");

  const rowsOf = ({ columns, is_daily: isDaily }) => {
    const time = (seconds) =>
      seconds === null ? "open" : new Date(seconds * 1000).toISOString().slice(0, isDaily ? 10 : 16).replace("T", " ");
    const names = Object.keys(columns).filter((name) => name !== "entry" && name !== "exit");
    return columns.entry.map((entry, i) => {
      const row = { id: String(i + 1), number: i + 1, entry: time(entry), exit: time(columns.exit[i]) };
      for (const name of names) row[name] = columns[name][i];
      return row;
    });
  };

  const load = async () => {
    const { run } = state.about;
    // The table's own script comes when it is first needed.
    if (!(await present("#trades-grid"))) return;
    const api = await window.dash_ag_grid.getApiAsync("trades-grid");
    api.setGridOption("loading", true);
    press("all");
    try {
      const rows = rowsOf(await asJson(`/api/runs/${run}/trades`));
      if (run !== state.about.run) return;
      loaded = run;
      fit(api);
      // The table takes its rows in its own time.
      api.removeEventListener("rowDataUpdated", mark);
      api.addEventListener("rowDataUpdated", mark);
      api.setGridOption("rowData", rows);
    } catch (error) {
      window.shell.showToast(sentence(error), "error");
    } finally {
      api.setGridOption("loading", false);
    }
  };

  const fit = (api) => {
    const others = api.getColumns().map((column) => column.getColId()).filter((id) => !ON_A_PHONE.includes(id));
    api.setColumnsVisible(others, !NARROW.matches);
  };
  NARROW.addEventListener("change", () => gridApi() && fit(gridApi()));

  // The table follows the trade that is chosen elsewhere.
  const mark = () => {
    const api = gridApi();
    if (!api || loaded !== state.about?.run) return;
    const node = state.trade ? api.getRowNode(String(state.trade)) : null;
    if (!node) {
      if (api.getSelectedNodes().length) give("trades-grid", { selectedRows: [] });
      return;
    }
    if (node.isSelected()) return;
    // Asked of the table itself, Dash would take it back.
    give("trades-grid", { selectedRows: { ids: [node.id] } });
    if (node.displayed) api.ensureNodeVisible(node, "middle");
  };
  document.addEventListener("report:trade", mark);

  document.addEventListener("report:filled", ({ detail }) => {
    if (detail.tab === "trades") load();
  });

  // A row of fields under the headings, one a column.
  const showFilters = (button) => {
    const isShown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isShown));
    const api = gridApi();
    if (!api) return;
    if (!isShown) api.setFilterModel(null);
    const columns = api.getColumnDefs().map((column) => ({ ...column, floatingFilter: isShown }));
    api.setGridOption("columnDefs", columns);
  };

  const press = (chosen) => {
    kind = chosen;
    for (const button of document.querySelectorAll("#trade-kinds [data-kind]")) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    }
    gridApi()?.onFilterChanged();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#trade-kinds [data-kind]");
    if (button) press(button.dataset.kind);
    const filter = event.target.closest?.("#trade-filters");
    if (filter) showFilters(filter);
  });

  // What is typed under a heading: >5, <-2, 1..10, or a number to begin with. Percentages are
  // typed as they are read.
  const PERCENT = ["return", "mae", "mfe"];
  const matches = ({ colDef, value, filterText }) => {
    if (value === null || value === undefined) return false;
    const text = String(filterText).replace(/[\s,%+]/g, "").replaceAll("\u2212", "-");
    const number = Number(value) * (PERCENT.includes(colDef.field) ? 100 : 1);
    const span = text.match(/^(-?[\d.]+?)\.\.(-?[\d.]+)$/);
    if (span) return number >= Number(span[1]) && number <= Number(span[2]);
    const [, sign, limit] = text.match(/^(>=|<=|>|<|=)(.*)$/) || [];
    const bound = Number(limit);
    if (!sign) return number.toFixed(2).startsWith(text);
    if (limit === "" || Number.isNaN(bound)) return true; // still being typed
    return { ">": number > bound, "<": number < bound, ">=": number >= bound, "<=": number <= bound,
      "=": Math.abs(number - bound) < 0.005 }[sign];
  };

  window.dashAgGridFunctions = Object.assign(window.dashAgGridFunctions || {}, {
    tradeMatches: matches,
    tradeKindIsChosen: () => kind !== "all",
    tradeIsOfKind: (node) => IS_OF_KIND[kind]?.(node.data) ?? true,
  });
})();
