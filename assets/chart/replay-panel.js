// The panel of the bar replay: its controls, and what was known at the bar that is shown. Drawn and
// filled for assets/chart/replay.js, which says what the controls do.
(() => {
  const SPEEDS = [1, 2, 5, 10, 25]; // bars a second

  const make = (tag, properties = {}, ...children) => {
    const { data = {}, aria = {}, ...rest } = properties;
    const element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, data);
    for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
    element.append(...children);
    return element;
  };
  const icon = (name) => make("i", { className: `bi bi-${name}`, ariaHidden: "true" });
  const bar = () => document.getElementById("replay-bar");
  const part = (name) => bar()?.querySelector(`[data-part="${name}"]`);
  const isNarrow = () => window.matchMedia("(max-width: 720px)").matches;

  const BUTTONS = [
    ["previous", "skip-backward-fill", "Entry of the previous trade ([)"],
    ["back", "caret-left-fill", "One bar back (left arrow)"],
    ["play", "play-fill", "Play (space)"],
    ["forward", "caret-right-fill", "One bar forward (right arrow)"],
    ["next", "skip-forward-fill", "Entry of the next trade (])"],
  ];
  const FIGURES = [
    ["time", "Bar"],
    ["position", "Position"],
    ["quantity", "Shares"],
    ["equity", "Equity"],
    ["return", "Return so far"],
    ["benchmark", "Buy & Hold so far"],
    ["closed", "Closed trades"],
  ];

  const button = ([name, picture, label], act) =>
    make(
      "button",
      { type: "button", className: "replay-button", title: label, data: { part: name }, aria: { label }, onclick: act },
      icon(picture),
    );

  const speeds = (mine) => {
    const select = make("select", {
      className: "form-select form-select-sm",
      data: { part: "speed" },
      aria: { label: "Speed in bars a second" },
      onchange: () => (mine.speed = Number(select.value)),
    });
    select.append(
      ...SPEEDS.map((speed) =>
        make("option", { value: speed, textContent: `${speed} ${speed === 1 ? "bar" : "bars"}/s`, selected: speed === mine.speed }),
      ),
    );
    return select;
  };

  const slider = (mine, slide) => {
    const range = make("input", {
      type: "range",
      min: 0,
      max: mine.bars - 1,
      value: 0,
      className: "replay-slider",
      data: { part: "slider" },
      aria: { label: "Bar of the run" },
      oninput: () => slide(Number(range.value)),
    });
    return range;
  };

  const build = (mine, acts) => {
    const leave = make(
      "button",
      { type: "button", className: "btn btn-sm btn-outline-secondary", data: { part: "end" }, title: "End the replay (Escape)", onclick: acts.end },
      icon("x-lg"),
      " End replay",
    );
    const figures = FIGURES.map(([name, label]) =>
      make("div", { className: "replay-figure" }, make("dt", { textContent: label }), make("dd", { data: { part: name } })),
    );
    const said = make("p", { className: "replay-said", data: { part: "said" }, aria: { live: "polite" } });
    bar().querySelector(".replay-panel").replaceChildren(
      make("div", { className: "replay-controls" }, make("div", { className: "replay-buttons" }, ...BUTTONS.map((one) => button(one, acts[one[0]]))), speeds(mine), slider(mine, acts.slide), leave),
      make(
        "div",
        { className: "replay-facts" },
        make("div", { className: "replay-now" }, make("dl", { className: "replay-figures" }, ...figures), said),
        make(
          "details",
          { className: "replay-trades", open: !isNarrow() },
          make("summary", { textContent: "Trades so far" }),
          make("div", { data: { part: "trades" } }),
        ),
      ),
    );
  };

  const showPlaying = (mine) => {
    const element = part("play");
    if (!element) return;
    const label = mine.playing ? "Pause (space)" : "Play (space)";
    element.replaceChildren(icon(mine.playing ? "pause-fill" : "play-fill"));
    element.title = label;
    element.setAttribute("aria-label", label);
    // A reader would not keep up with the bars.
    part("said").setAttribute("aria-live", mine.playing ? "off" : "polite");
  };

  const number = (value, digits) =>
    value
      .toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
      .replace(/^-(?=[0.,]*$)/, "")
      .replace("-", "\u2212");
  const signed = (text, value) => (value > 0 ? `+${text}` : text);
  const percent = (value) => signed(`${number(value * 100, 2)} %`, value);
  const price = (value) => number(value, Math.abs(value) < 1 ? 6 : 2);
  const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "");

  const put = (name, text, colour = "") => {
    const element = part(name);
    element.textContent = text;
    element.className = colour;
  };

  const show = (mine) => {
    const { state } = mine;
    const open = state.open_trade;
    const time = [state.time, state.zone].filter(Boolean).join(" ");
    put("time", time);
    put("position", state.position > 0 ? "Long" : state.position < 0 ? "Short" : "Flat");
    put("quantity", state.position ? number(state.quantity, 2) : "0");
    put("equity", number(state.equity, 2));
    put("return", percent(state.fraction), tone(state.fraction));
    put("benchmark", percent(state.benchmark_fraction), tone(state.benchmark_fraction));
    put("closed", state.closed ? `${number(state.closed, 0)}, ${number(state.won, 0)} won` : "none yet");
    const said = [state.signal && `Signal: ${state.signal}`, state.fill && `This bar: ${state.fill}`];
    part("said").textContent = said.filter(Boolean).join(" · ") || "No signal at this bar.";
    const range = part("slider");
    if (!mine.wanted) range.value = state.at;
    range.setAttribute("aria-valuetext", time);
    part("back").disabled = state.at <= 0;
    part("forward").disabled = part("play").disabled = state.at >= mine.bars - 1;
    part("trades").replaceChildren(...(open || state.trades.length ? [trades(state)] : []));
  };

  const trades = (state) => {
    const rows = [state.open_trade, ...state.trades].filter(Boolean).map((trade) =>
      make(
        "tr",
        {},
        make("th", { scope: "row", textContent: trade.number }),
        make("td", { textContent: trade.entry_time }),
        make("td", { className: "num", textContent: price(trade.entry_price) }),
        make("td", { textContent: trade.exit_time ?? "open" }),
        make("td", { className: "num", textContent: trade.exit_time ? price(trade.exit_price) : "" }),
        make("td", { className: `num ${tone(trade.profit)}`, textContent: signed(number(trade.profit, 2), trade.profit) }),
        make("td", { className: `num ${tone(trade.profit)}`, textContent: percent(trade.fraction) }),
      ),
    );
    const names = ["#", "Entry", "Entry price", "Exit", "Exit price", "Net profit", "Return"];
    const heads = names.map((name, n) => make("th", { scope: "col", className: [2, 4, 5, 6].includes(n) ? "num" : "", textContent: name }));
    const caption = make("caption", { textContent: "The open trade, and the last five that are closed" });
    return make("table", { className: "replay-table" }, caption, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  };

  window.replayPanel = { bar, part, isNarrow, build, show, showPlaying };
})();
