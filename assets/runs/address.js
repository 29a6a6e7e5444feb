// The address of the list of runs as a state, and the controls that show it. The server reads the
// same names: q, tag (several), favourite, symbol, strategy, sort, order.
(() => {
  const FIELDS = { q: "runs-search", symbol: "runs-symbol", strategy: "runs-strategy" };
  const EVERY = "*"; // a choice of no value: the control keeps an empty one for itself
  const NEWEST = { sort: "id", order: "desc" };
  const nothing = { q: "", tags: [], favourite: false, symbol: "", strategy: "", ...NEWEST };

  const read = (pairs) => {
    const query = new URLSearchParams(pairs);
    const text = (name) => (query.get(name) || "").trim();
    return {
      q: text("q"),
      tags: [...new Set(query.getAll("tag").map((tag) => tag.trim().toLowerCase()).filter(Boolean))],
      favourite: ["1", "true", "yes", "on"].includes(text("favourite").toLowerCase()),
      symbol: text("symbol").toUpperCase(),
      strategy: text("strategy"),
      sort: text("sort") || NEWEST.sort,
      order: text("order") === "asc" ? "asc" : "desc",
    };
  };

  const write = (state) => {
    const query = new URLSearchParams();
    const add = (name, value) => value && query.append(name, value);
    add("q", state.q);
    state.tags.forEach((tag) => add("tag", tag));
    add("favourite", state.favourite && "1");
    add("symbol", state.symbol);
    add("strategy", state.strategy);
    if (state.sort !== NEWEST.sort || state.order !== NEWEST.order) add("sort", state.sort);
    if (query.has("sort")) add("order", state.order === "asc" && "asc");
    return query.toString();
  };

  const isFiltered = (state) => write({ ...state, ...NEWEST }) !== "";

  // The search box is left alone while somebody types in it.
  const showIn = (state) => {
    const set = window.dash_clientside.set_props;
    for (const [name, id] of Object.entries(FIELDS)) {
      const control = document.getElementById(id);
      const value = state[name] || (control?.tagName === "SELECT" ? EVERY : "");
      if (control && control.value.trim() !== value) set(id, { value });
    }
    set("runs-favourites", { value: state.favourite });
  };

  const put = (state, replace) => {
    const text = write(state);
    const search = text && `?${text}`;
    if (search === window.location.search) return;
    window.history[replace ? "replaceState" : "pushState"]({}, "", window.location.pathname + search);
    // Let the page's Location know, so that it notices the way back.
    window.dash_clientside.set_props("runs-url", { search, href: window.location.href });
  };

  window.runs = Object.assign(window.runs || {}, { address: { EVERY, nothing, read, write, isFiltered, showIn, put } });
})();
