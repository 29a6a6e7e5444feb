// Gives the table of combinations its rows: block by block as they are scrolled to, in the order
// that the reader chose.
(() => {
  const GRID = "opt-table";

  // Dash gives the table a source of its own first, which ours replaces.
  const ready = async (box) => {
    for (;;) {
      const api = await window.dash_ag_grid.getApiAsync(GRID);
      if (!box.isConnected || (!api.isDestroyed() && api.getGridOption("datasource"))) return api;
      await new Promise(requestAnimationFrame);
    }
  };

  const source = (box, address) => ({
    async getRows({ startRow, endRow, sortModel, successCallback, failCallback }) {
      const [order] = sortModel;
      const query = new URLSearchParams({ offset: startRow, limit: endRow - startRow });
      if (order) query.set("sort", order.colId);
      if (order) query.set("order", order.sort);
      try {
        const { rows, total } = await window.runs.ask(`${address}&${query}`);
        successCallback(rows, total);
        box.dataset.shown = `${order?.colId || ""} ${order?.sort || ""}`.trim();
      } catch (error) {
        failCallback();
        window.runs.tell(error);
      }
    },
  });

  // What stands still would leave a phone no room for the results.
  const narrow = (api) => {
    if (window.innerWidth >= 721) return;
    const state = api.getColumnState().map(({ colId, pinned }) => ({ colId, pinned: null, width: pinned ? 76 : undefined }));
    api.applyColumnState({ state });
  };

  const fill = async (box) => {
    const address = box.dataset.rows;
    box.filled = address;
    const api = await ready(box);
    if (!box.isConnected || box.filled !== address) return;
    narrow(api);
    api.setGridOption("datasource", source(box, address));
  };

  new MutationObserver(() => {
    for (const box of document.querySelectorAll(".opt-table-box[data-rows]")) {
      if (box.filled !== box.dataset.rows) fill(box);
    }
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-rows"],
  });
})();
