// Dash 4 asks every component of the page whether it has changed whenever anything is told to its
// store: of every component that is drawn anew, that nothing of it is remembered (400 new ones cost
// one and a half seconds), and some forty times in each callback, where it stands. Where nothing was
// remembered there is nothing to tell, and nothing that is drawn depends on where a callback stands.
(() => {
  const FORGET = "RESET_COMPONENT_STATE";
  const UNDRAWN = "callbacks";

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
    const subscribe = store.subscribe;
    store.subscribe = (listener) => subscribe(onlyOfWhatIsDrawn(store, listener));
    return store;
  };

  // Dash's own observers subscribed before; what subscribes from here on draws.
  const onlyOfWhatIsDrawn = (store, listener) => {
    let before = store.getState();
    return () => {
      const [past, now] = [before, (before = store.getState())];
      if (Object.keys(now).some((slice) => slice !== UNDRAWN && now[slice] !== past[slice])) listener();
    };
  };

  // Dash puts its store here when it starts, before anything is drawn.
  window.dash_stores = Object.assign([], {
    push(...stores) {
      return Array.prototype.push.apply(this, stores.map(quieten));
    },
  });
})();
