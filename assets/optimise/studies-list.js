// The list of studies: rows come in blocks as they are scrolled to, with the words and in the order
// that the address says beside what the form says; studies that run are looked at again.
(() => {
  // This script comes later than ours.
  const ask = (path) => window.runs.ask(path);
  const GRID = "studies-table";
  const BOX = ".studies-box";
  const TYPING_MS = 180;
  const LOOK_MS = 1000; // between two looks at studies that run
  const NEWEST = { sort: "id", order: "desc" };
  const nothing = () => window.dash_clientside.no_update;
  const by = (id) => document.getElementById(id);

  let grid = null;
  let state = { q: "", ...NEWEST };
  let round = 0; // answers to an earlier question come too late
  let timer = 0;
  const known = new WeakSet();

  const read = (pairs) => {
    const query = new URLSearchParams(pairs);
    const text = (name) => (query.get(name) || "").trim();
    return { q: text("q"), sort: text("sort") || NEWEST.sort, order: text("order") === "asc" ? "asc" : "desc" };
  };

  const write = ({ q, sort, order }, beside = "") => {
    const query = new URLSearchParams(beside);
    ["q", "sort", "order"].forEach((name) => query.delete(name));
    if (q) query.set("q", q);
    if (sort !== NEWEST.sort || order !== NEWEST.order) query.set("sort", sort);
    if (query.has("sort") && order === "asc") query.set("order", order);
    return query.toString();
  };

  const put = (replace) => {
    const search = `?${write(state, window.location.search)}`.replace(/^\?$/, "");
    if (search === window.location.search) return;
    window.history[replace ? "replaceState" : "pushState"]({}, "", window.location.pathname + search);
    // Let the page's Location know, so that it notices the way back.
    window.dash_clientside.set_props("opt-url", { search, href: window.location.href });
  };

  const isListed = () => Boolean(document.querySelector(BOX)) && !by("opt-placeholder")?.hidden;
  const isAlive = () => Boolean(grid) && !grid.isDestroyed() && isListed();

  // Dash gives the table a source of its own first, which ours replaces.
  const ready = async (box) => {
    for (;;) {
      const api = await window.dash_ag_grid.getApiAsync(GRID);
      if (!box.isConnected || (!api.isDestroyed() && api.getGridOption("datasource"))) return api;
      await new Promise(requestAnimationFrame);
    }
  };

  const showTotal = (total, text) => {
    const box = document.querySelector(BOX);
    if (!box) return;
    box.hidden = !total;
    box.style.setProperty("--rows", total);
    by("studies-count").textContent = text;
  };

  const datasource = {
    async getRows({ startRow, endRow, sortModel: [order], successCallback, failCallback }) {
      const asked = order ? { ...state, sort: order.colId, order: order.sort } : state;
      const mine = round;
      const query = write(asked);
      try {
        const { rows, total, text } = await ask(`/api/studies?${query}&offset=${startRow}&limit=${endRow - startRow}`);
        if (mine !== round) return failCallback();
        successCallback(rows, total);
        showTotal(total, text);
        by(GRID).dataset.rows = query; // what the rows answer
        if (rows.some((row) => row.is_active)) lookAgain();
      } catch (error) {
        failCallback();
        window.runs.tell(error);
      }
    },
  };

  const load = () => {
    round += 1;
    grid.setGridOption("datasource", datasource);
  };

  // Read again what is shown, in its place.
  const refresh = () => {
    clearTimeout(timer);
    if (!isAlive()) return;
    if (grid.getDisplayedRowCount()) grid.refreshInfiniteCache();
    else load();
  };

  const lookAgain = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, LOOK_MS);
  };

  const sorted = () => grid.getColumnState().find((one) => one.sort);

  const sortIn = ({ sort, order }) => {
    const column = sorted();
    if (column?.colId === sort && column.sort === order) return;
    grid.applyColumnState({ state: [{ colId: sort, sort: order }], defaultState: { sort: null } });
  };

  const onSort = () => {
    const column = sorted();
    if (!column || (column.colId === state.sort && column.sort === state.order)) return;
    state = { ...state, sort: column.colId, order: column.sort };
    put(false);
  };

  // On a phone what tells how a study stands comes first, and nothing but its number stands still.
  const NARROW = {
    id: { width: 78 }, strategy: { width: 76 }, state: { width: 114 }, best: { width: 52 },
    symbol: {}, combinations: {}, created_at: {}, actions: { pinned: null }, name: { hide: true }, method: { hide: true },
  };
  let wide = null; // the columns as they came

  const narrow = () => {
    const isWide = window.innerWidth >= 721;
    wide ??= grid.getColumnState().map(({ colId, width, pinned, hide, flex }) => ({ colId, width, pinned, hide, flex }));
    const columns = isWide ? wide : Object.entries(NARROW).map(([colId, how]) => ({ colId, ...how }));
    grid.applyColumnState({ state: columns, applyOrder: true });
  };

  const fill = async (box) => {
    box.filled = true;
    const api = await ready(box);
    if (!box.isConnected) return;
    grid = api;
    state = read(box.dataset.query);
    if (!known.has(grid)) grid.addEventListener("sortChanged", onSort);
    known.add(grid);
    narrow();
    sortIn(state);
    load();
  };

  // A study that was started stands above its form on a phone, and beside the form's head elsewhere.
  let opened; // unknown until the page is there: a reload stays where it was
  const bringUp = (search) => {
    const study = new URLSearchParams(search).get("study");
    const result = by("opt-result");
    const isNew = study && opened !== undefined && study !== opened;
    if (isNew && result?.getBoundingClientRect().top < 0) result.scrollIntoView({ block: "start" });
    opened = study;
  };

  // Back, forward and links to this page: the address has changed by other hands.
  const follow = (search) => {
    bringUp(search || "");
    if (!isAlive() || window.location.pathname !== "/optimise") return nothing();
    const wanted = read(search || "");
    if (write(wanted) === write(state)) return nothing();
    state = wanted;
    if (by("studies-search").value.trim() !== state.q) window.dash_clientside.set_props("studies-search", { value: state.q });
    sortIn(state);
    load();
    return nothing();
  };

  let typing = 0;
  let typed = false; // one step back undoes a whole search, not its last letter
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "studies-search") return;
    clearTimeout(typing);
    typing = setTimeout(() => {
      if (target.value.trim() === state.q || !target.isConnected || !isAlive()) return;
      state = { ...state, q: target.value.trim() };
      put(typed);
      typed = true;
      load();
    }, TYPING_MS);
  });
  document.addEventListener("change", ({ target }) => {
    if (target.id === "studies-search") typed = false;
  });

  addEventListener("resize", () => isAlive() && narrow());

  // A list that comes is filled; one that comes back may show studies that run.
  let shown = false;
  new MutationObserver(() => {
    const is = isListed();
    const box = document.querySelector(BOX);
    if (is && !box.filled) fill(box);
    else if (is && !shown) refresh();
    shown = is;
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });

  const has = (study) => isAlive() && Boolean(grid.getRowNode(study)?.data);

  window.studies = { refresh, has };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { studies: { follow } });
})();
