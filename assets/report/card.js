// The trade that is chosen: in the chart, in the table, or by the keys [ and ]. Its card says why
// it was made; Escape closes the card and gives the focus back.
(() => {
  const { state, tell, give, isTyping } = window.report;
  let opener = null; // what had the focus when the card opened

  const card = () => document.getElementById("trade-card");
  const isOpen = () => Boolean(card() && !card().hidden);

  const choose = (number) => {
    if (!card()) return;
    if (!isOpen()) opener = document.activeElement;
    state.trade = number;
    card().hidden = !number;
    if (number) give("report-trade", { data: { run: state.about.run, number } });
    tell("report:trade", { number });
  };

  const close = () => {
    const hadFocus = card().contains(document.activeElement) || document.activeElement === document.body;
    choose(null);
    window.chart?.set({ mark: null });
    if (!hadFocus) return;
    const way = opener?.isConnected && opener !== document.body ? opener : document.getElementById("chart");
    way?.focus({ preventScroll: true });
  };

  const step = (by) => {
    const { trades } = state.about;
    if (!trades) return;
    const next = state.trade ? state.trade + by : by > 0 ? 1 : trades;
    if (next >= 1 && next <= trades) window.charting.stepTrade(by);
  };

  document.addEventListener("chart:trade", ({ detail }) => {
    const number = detail.number || null;
    if (number !== state.trade || (number && !isOpen())) choose(number);
  });
  document.addEventListener("report:opened", ({ detail }) => choose(detail.about.trade));

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#trade-card [data-card]");
    if (button?.dataset.card === "close") close();
    if (button?.dataset.card === "previous") step(-1);
    if (button?.dataset.card === "next") step(1);
  });

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !isOpen() || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      // In the chart the same key shows everything.
      if (!event.target.closest?.("#chart")) event.preventDefault();
      close();
    },
    { capture: true },
  );

  document.addEventListener("keydown", (event) => {
    const by = { "[": -1, "]": 1 }[event.key];
    if (!by || event.defaultPrevented || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target) || !state.about || !card() || document.querySelector("dialog[open]")) return;
    step(by);
  });
})();
