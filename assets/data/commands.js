// Buttons with data-do say so to the page; the table's last cell holds such buttons; the filter.
(() => {
  const nothing = () => window.dash_clientside.no_update;
  const STORE = "page-command";

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-do]");
    if (!button || button.disabled) return;
    window.dash_clientside.set_props(STORE, { data: { ...button.dataset, at: Date.now() } });
  });

  // Only what the user does chooses a row: what the table selects by itself, as after Back, is old news.
  const choose = (event) => {
    const row = event.target.closest?.("#data-grid .ag-row");
    if (!row || event.target.closest(".row-buttons")) return;
    const [, symbol, resolution] = row.getAttribute("row-id").match(/^(.*)\|(.*)$/);
    const search = `?${new URLSearchParams({ symbol, resolution })}`;
    if (search !== window.location.search) window.dash_clientside.set_props("data-url", { search });
  };
  document.addEventListener("click", choose);
  document.addEventListener("keydown", (event) => [" ", "Enter"].includes(event.key) && choose(event));

  // Jobs of other tabs and people too: the tray's script sees them all.
  document.addEventListener("jobschanged", (event) => {
    const ended = event.detail.jobs.some((job) => !["queued", "running"].includes(job.state));
    if (document.getElementById("data-jobs")) window.dash_clientside.set_props("data-jobs-seen", { data: { ended, at: Date.now() } });
  });

  const sign = (name) => window.React.createElement("i", { className: `bi bi-${name}`, "aria-hidden": "true" });

  const button = (what, name, text, series) =>
    window.React.createElement(
      "button",
      {
        key: what, type: "button", className: "row-button", title: text, "aria-label": text,
        "data-do": what, "data-series": series,
      },
      sign(name),
    );

  const DataActions = ({ data }) => {
    const name = `${data.symbol} ${data.resolution}`;
    const test = window.React.createElement(
      "a",
      { key: "test", className: "row-button", href: data.backtest, title: `Backtest ${name}`, "aria-label": `Backtest ${name}` },
      sign("play-fill"),
    );
    const update = data.fromBroker ? [button("update", "arrow-repeat", `Update ${name}`, data.id)] : [];
    return window.React.createElement(
      "span",
      { className: "row-buttons", onClick: (event) => event.stopPropagation() },
      [...update, test, button("delete", "trash", `Delete ${name}`, data.id)],
    );
  };

  window.dashAgGridComponentFunctions = Object.assign(window.dashAgGridComponentFunctions || {}, { DataActions });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    data: {
      filter: (text, options) => ({ ...options, quickFilterText: text || "" }),
      toggle: (clicks, hidden) => (clicks ? [!hidden, hidden ? "true" : "false"] : [nothing(), nothing()]),
      title: (key) => {
        if (key) document.title = `${key[0]} ${key[1]}: data`;
        return nothing();
      },
      // A phone shows what tells series apart; the rest is in the head of the chosen one.
      narrow: (id) => {
        if (matchMedia("(max-width: 720px)").matches) {
          window.dash_ag_grid.getApiAsync(id).then((api) => {
            api.setColumnsVisible(["name", "first", "updated", "source", "adjustment", "schedule", "id"], false);
          });
        }
        return nothing();
      },
      forgetChoice: (_text, choices) =>
        choices ? ["", [], null, null] : [nothing(), nothing(), nothing(), nothing()],
    },
  });
})();
