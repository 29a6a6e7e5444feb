// Dash 4 asks every component of the page whether it has changed whenever anything is told to its
// store: of every component that is drawn anew, that nothing of it is remembered (400 new ones cost
// one and a half seconds), some forty times in each callback, where it stands, and once for each
// property that an answer sets. Where nothing was remembered there is nothing to tell; nothing that is
// drawn depends on where a callback stands; and what one step leads to is told once, when it is whole.
(() => {
  const FORGET = "RESET_COMPONENT_STATE";
  const UNDRAWN = "callbacks";

  const isRemembered = (store, path) => {
    const start = path.join(",");
    return Object.keys(store.getState().layoutHashes).some((key) => key.startsWith(start));
  };

  const quieten = (store) => {
    const { dispatch, subscribe } = store;
    const drawers = new Set();
    let depth = 0; // of steps that are steps of another

    const step = (action) => {
      depth += 1;
      try {
        return dispatch(action);
      } finally {
        depth -= 1;
        if (!depth) for (const draw of [...drawers]) draw();
      }
    };

    store.dispatch = (action) => {
      const path = action?.type === FORGET && action.payload?.itempath;
      return path && !isRemembered(store, path) ? action : step(action);
    };
    // Dash's own observers subscribed before; what subscribes from here on draws.
    store.subscribe = (listener) => {
      const draw = onlyOfWhatIsDrawn(store, listener);
      drawers.add(draw);
      const unsubscribe = subscribe(() => depth || draw());
      return () => {
        drawers.delete(draw);
        unsubscribe();
      };
    };
    return store;
  };

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
