// The list of saved runs: rows come in blocks as they are scrolled to, in the order and with the
// filters that the address says.
(() => {
  const { address, ask, tell } = window.runs;
  const GRID = "runs-table";
  const TYPING_MS = 180;
  const nothing = () => window.dash_clientside.no_update;
  const by = (id) => document.getElementById(id);

  let grid = null;
  let state = { ...address.nothing };
  let first = null; // the block that came with the page
  let round = 0; // answers to an earlier question come too late
  const known = new WeakSet();

  // Dash gives the table a source of its own, which keeps one question at a time and loses others:
  // ours takes its place once it is there.
  const ready = async () => {
    for (;;) {
      const api = await window.dash_ag_grid.getApiAsync(GRID);
      if (!api.isDestroyed() && api.getGridOption("datasource")) return api;
      await new Promise(requestAnimationFrame);
    }
  };

  const count = (total) => {
    const runs = total === 1 ? "1 run" : `${total.toLocaleString("en-US")} runs`;
    return address.isFiltered(state) ? `${runs} found` : runs;
  };

  const showTotal = (total) => {
    const filtered = address.isFiltered(state);
    if (!by("runs-list")) return;
    by("runs-list").hidden = !total && !filtered;
    by("runs-empty").hidden = Boolean(total) || filtered;
    by("runs-no-match").hidden = Boolean(total) || !filtered;
    document.querySelector(".runs-table-box").hidden = !total;
    document.querySelector(".runs-table-box").style.setProperty("--rows", total);
    by("runs-count").textContent = total ? count(total) : "";
  };

  const chip = (tag) => {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "run-tag is-on", title: `Stop filtering by ${tag}` });
    made.dataset.runDo = "untag";
    made.dataset.tag = tag;
    made.setAttribute("aria-label", made.title);
    made.append(tag, Object.assign(document.createElement("i"), { className: "bi bi-x", ariaHidden: "true" }));
    return made;
  };

  const showChips = () => {
    const chips = state.tags.map(chip);
    if (address.isFiltered(state)) {
      const clear = Object.assign(document.createElement("button"), { type: "button", className: "run-clear", textContent: "Clear all" });
      clear.dataset.runDo = "clear";
      clear.setAttribute("aria-label", "Clear search and filters");
      chips.push(clear);
    }
    by("runs-chips")?.replaceChildren(...chips);
  };

  const orderOf = (sortModel) => (sortModel.length ? { sort: sortModel[0].colId, order: sortModel[0].sort } : {});

  const datasource = {
    async getRows(params) {
      const asked = { ...state, ...orderOf(params.sortModel) };
      const mine = round;
      const query = address.write(asked);
      try {
        const block = first?.query === query && params.startRow === 0 ? first
          : await ask(`/api/runs?${query}&offset=${params.startRow}&limit=${params.endRow - params.startRow}`);
        if (mine !== round) return params.failCallback();
        params.successCallback(block.rows, block.total);
        showTotal(block.total);
        by(GRID).dataset.rows = query; // what the rows answer
      } catch (error) {
        params.failCallback();
        tell(error);
      } finally {
        first = null; // true for the moment at which the page was made
      }
    },
  };

  const load = () => {
    round += 1;
    grid.deselectAll();
    grid.setGridOption("datasource", datasource);
  };

  // Read again what is shown, in its place: after a deletion, an undo, a change of many.
  const refresh = () => {
    round += 1;
    grid.refreshInfiniteCache();
    if (!grid.getDisplayedRowCount()) grid.setGridOption("datasource", datasource);
  };

  const sortIn = ({ sort, order }) => {
    const column = grid.getColumnState().find((one) => one.sort);
    if (column?.colId === sort && column.sort === order) return;
    grid.applyColumnState({ state: [{ colId: sort, sort: order }], defaultState: { sort: null } });
  };

  const go = (change, { replace = false } = {}) => {
    state = { ...state, ...change };
    address.put(state, replace);
    address.showIn(state);
    showChips();
    if (!("sort" in change)) load();
  };

  const onSort = () => {
    const column = grid.getColumnState().find((one) => one.sort);
    if (!column || (column.colId === state.sort && column.sort === state.order)) return;
    go({ sort: column.colId, order: column.sort });
  };

  // One call for all columns: each call lays out the whole table anew.
  const narrow = () => {
    const width = window.innerWidth;
    const isWide = width >= 721;
    const wanted = {
      start: { hide: isWide && width < 1720 },
      params: { hide: !isWide },
      tags: { hide: !isWide },
      created_at: { hide: !isWide },
      // What stands still leaves a phone no room to scroll the rest.
      id: { pinned: isWide ? "left" : null },
      actions: { pinned: isWide ? "right" : null },
    };
    const differs = ({ colId, ...now }) =>
      Object.entries(wanted[colId] ?? {}).some(([name, value]) => (now[name] ?? null) !== value);
    const changed = grid.getColumnState().filter(differs).map(({ colId }) => ({ colId, ...wanted[colId] }));
    if (changed.length) grid.applyColumnState({ state: changed });
  };

  const listen = () => {
    if (known.has(grid)) return;
    known.add(grid);
    grid.addEventListener("sortChanged", onSort);
    window.runs.listenToRows(grid);
    narrow();
  };

  const start = (block) => {
    if (!block) return nothing();
    const query = new URLSearchParams(block.query).toString();
    state = address.read(query);
    first = { ...block, query };
    showChips();
    showTotal(block.total);
    ready().then((api) => {
      grid = api;
      listen();
      sortIn(state);
      load();
    });
    return nothing();
  };

  // Back, forward and links to this page: the address has changed by other hands.
  const follow = (search) => {
    if (!grid || grid.isDestroyed() || window.location.pathname !== "/runs") return nothing();
    const wanted = address.read(search || "");
    if (address.write(wanted) === address.write(state)) return nothing();
    state = wanted;
    address.showIn(state);
    showChips();
    sortIn(state);
    load();
    return nothing();
  };

  const one = ({ value }) => (value === address.EVERY ? "" : value);

  let typing = 0;
  let typed = false; // one step back undoes a whole search, not its last letter
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "runs-search") return;
    clearTimeout(typing);
    typing = setTimeout(() => {
      if (target.value.trim() === state.q || !target.isConnected) return;
      go({ q: target.value.trim() }, { replace: typed });
      typed = true;
    }, TYPING_MS);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === "runs-search") typed = false;
    else if (target.id === "runs-symbol") go({ symbol: one(target) });
    else if (target.id === "runs-strategy") go({ strategy: one(target) });
    else if (target.id === "runs-favourites") go({ favourite: target.checked });
    else if (target.id === "runs-tag" && one(target)) {
      addTag(target.value);
      window.dash_clientside.set_props("runs-tag", { value: address.EVERY });
    }
  });

  const addTag = (tag) => !state.tags.includes(tag) && go({ tags: [...state.tags, tag] });
  const dropTag = (tag) => go({ tags: state.tags.filter((one) => one !== tag) });
  const clear = () => {
    const { sort: _sort, order: _order, ...filters } = address.nothing;
    go(filters);
  };

  addEventListener("resize", () => grid && !grid.isDestroyed() && narrow());

  window.runs = Object.assign(window.runs, { list: { addTag, dropTag, clear, refresh, grid: () => grid } });
  window.dash_clientside = Object.assign({}, window.dash_clientside, { runs: { start, follow } });
})();
