// Dash 4 tells its store of every component that is drawn anew that nothing of it is remembered, and
// each telling asks every component of the page whether it has changed: 400 new components cost one
// and a half seconds. Where nothing was remembered, there is nothing to tell.
(() => {
  const FORGET = "RESET_COMPONENT_STATE";

  const isRemembered = (store, path) => {
    const start = path.join(",");
    return Object.keys(store.getState().layoutHashes).some((key) => key.startsWith(start));
  };

  const quieten = (store) => {
    const dispatch = store.dispatch;
    store.dispatch = (action) => {
      const path = action?.type === FORGET && action.payload?.itempath;
      return path && !isRemembered(store, path) ? action : dispatch(action);
    };
    return store;
  };

  // Dash puts its store here when it starts, before anything is drawn.
  window.dash_stores = Object.assign([], {
    push(...stores) {
      return Array.prototype.push.apply(this, stores.map(quieten));
    },
  });
})();
