// Bar replay: the run as it was known at each of its bars. The server says what was known (figure
// with `until`, and the state of the run); body[data-replay] hides what tells of later bars.
(() => {
  const SPEEDS = [1, 2, 5, 10, 25]; // bars a second
  const USUAL_SPEED = 5;
  const BARS_IN_VIEW = 180; // when the whole run was in view
  const PLACE = 0.85; // of the view's width, where the last bar stands
  const MOST_AT_ONCE = 5; // bars that a slow machine may leave out
  const NO_ANSWER = "The server does not answer: the replay waits.";
  let replay = null; // {run, bars, at, playing, speed, kept, wanted, working, state}

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
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const tell = (error) =>
    window.shell.showToast(error instanceof TypeError ? NO_ANSWER : error.message, "error");

  // What the server knows

  const ask = async (mine, { at, jump }) => {
    const { zone } = window.charting.chart().options;
    const there = zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
    const query = new URLSearchParams({ at, zone: there, ...(jump && { jump }) });
    const answer = await fetch(`/api/runs/${mine.run}/replay?${query}`);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return answer.json();
  };

  const follow = ([lo, hi], at) => {
    const width = hi - lo;
    if (at >= lo && at <= lo + PLACE * width) return [lo, hi];
    const left = Math.max(at - PLACE * width, -0.02 * width);
    return [left, left + width];
  };

  // One request for the new bar and the new view; nobody needs to be told of an option.
  const paint = (at) => {
    const chart = window.charting.chart();
    chart.options.until = at;
    chart.wanted = follow(chart.wanted, at);
    return window.chart.set({ mark: null });
  };

  // One bar at a time; of what is wanted meanwhile the last counts.
  const work = async (mine) => {
    while (mine.wanted && mine === replay) {
      const wanted = mine.wanted;
      mine.wanted = null;
      const painting = wanted.jump ? null : paint(wanted.at);
      const state = await ask(mine, wanted);
      if (mine !== replay) return;
      await (painting ?? paint(state.at));
      if (mine !== replay) return;
      mine.at = state.at;
      mine.state = state;
      show(mine);
    }
  };

  const go = (at, jump = "") => {
    const mine = replay;
    if (!mine) return Promise.resolve();
    mine.wanted = { at: Math.min(Math.max(Math.round(at), 0), mine.bars - 1), jump };
    mine.working ??= work(mine)
      .catch((error) => {
        if (mine !== replay) return;
        pause();
        tell(error);
      })
      .finally(() => (mine.working = null));
    return mine.working;
  };

  // Begin, play, end

  const begin = async () => {
    const chart = window.charting?.chart();
    if (replay || !chart?.spec.run || chart.figure.bars < 2) return;
    const { bars } = chart.figure;
    const [lo, hi] = chart.wanted;
    const isWhole = lo <= 0.5 && hi >= bars - 1.5;
    const kept = { wanted: [lo, hi], trade: chart.trade };
    const mine = { run: chart.spec.run, bars, at: 0, playing: false, speed: USUAL_SPEED, kept };
    replay = mine;
    document.body.dataset.replay = "on";
    bar().dataset.waiting = "true"; // what is drawn still shows everything
    build(mine);
    part("play").focus({ preventScroll: true });
    if (isNarrow()) bar().scrollIntoView({ block: "start" }); // the chart shall be seen below it
    watch.observe(document.body, { childList: true, subtree: true });
    if (isWhole) chart.wanted = [-1, Math.min(BARS_IN_VIEW, bars)];
    await go((Math.max(lo, 0) + Math.min(hi, bars - 1)) / 2, isWhole ? "start" : "");
    if (mine !== replay) return;
    if (mine.state) delete bar().dataset.waiting;
    else end();
  };

  // Back to the whole run, as it was seen before.
  const end = () => {
    const mine = clear();
    if (!mine) return;
    bar()?.querySelector(".replay-start").focus({ preventScroll: true });
    const chart = window.charting.chart();
    chart.options.until = null;
    chart.wanted = mine.kept.wanted;
    window.chart.set({ mark: mine.kept.trade });
  };

  const clear = () => {
    const mine = replay;
    replay = null;
    watch.disconnect();
    delete document.body.dataset.replay;
    const panel = bar()?.querySelector(".replay-panel");
    panel?.replaceChildren();
    if (bar()) delete bar().dataset.waiting;
    return mine;
  };

  const pause = () => {
    if (!replay) return;
    replay.playing = false;
    showPlaying(replay);
  };

  const play = async () => {
    const mine = replay;
    if (mine.at >= mine.bars - 1) return;
    mine.playing = true;
    showPlaying(mine);
    let due = performance.now();
    while (mine === replay && mine.playing && mine.at < mine.bars - 1) {
      const each = 1000 / mine.speed;
      const late = Math.floor((performance.now() - due) / each);
      const bars = Math.min(Math.max(late, 1), MOST_AT_ONCE);
      due = late > MOST_AT_ONCE ? performance.now() : due + bars * each;
      await go(mine.at + bars);
      await sleep(Math.max(due - performance.now(), 0));
    }
    if (mine === replay) pause();
  };

  const toggle = () => (replay.playing ? pause() : play());
  const step = (by) => {
    pause();
    return go((replay.wanted?.at ?? replay.at) + by);
  };
  const jump = (where) => {
    pause();
    return go(replay.at, where);
  };

  // What is shown

  const BUTTONS = [
    ["previous", "skip-backward-fill", "Entry of the previous trade ([)", () => jump("previous")],
    ["back", "caret-left-fill", "One bar back (left arrow)", () => step(-1)],
    ["play", "play-fill", "Play (space)", () => toggle()],
    ["forward", "caret-right-fill", "One bar forward (right arrow)", () => step(1)],
    ["next", "skip-forward-fill", "Entry of the next trade (])", () => jump("next")],
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

  const button = ([name, picture, label, act]) =>
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

  const slider = (mine) => {
    const range = make("input", {
      type: "range",
      min: 0,
      max: mine.bars - 1,
      value: 0,
      className: "replay-slider",
      data: { part: "slider" },
      aria: { label: "Bar of the run" },
      oninput: () => {
        pause();
        go(Number(range.value));
      },
    });
    return range;
  };

  const build = (mine) => {
    const leave = make(
      "button",
      { type: "button", className: "btn btn-sm btn-outline-secondary", data: { part: "end" }, title: "End the replay (Escape)", onclick: end },
      icon("x-lg"),
      " End replay",
    );
    const figures = FIGURES.map(([name, label]) =>
      make("div", { className: "replay-figure" }, make("dt", { textContent: label }), make("dd", { data: { part: name } })),
    );
    const said = make("p", { className: "replay-said", data: { part: "said" }, aria: { live: "polite" } });
    bar().querySelector(".replay-panel").replaceChildren(
      make("div", { className: "replay-controls" }, make("div", { className: "replay-buttons" }, ...BUTTONS.map(button)), speeds(mine), slider(mine), leave),
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
    put("position", state.position ? "Long" : "Flat");
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

  // Keys: those of the bar while it has the focus, brackets everywhere, as they lead to trades.

  const keys = {
    Escape: end,
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
    " ": () => toggle(),
  };

  const onKey = (event) => {
    if (!replay || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target, key } = event;
    const isOurs = bar()?.contains(target);
    if ((key === "[" || key === "]") && (isOurs || !target.closest?.("input, textarea, select"))) {
      jump(key === "]" ? "next" : "previous");
    } else if (isOurs && keys[key]) {
      if (key !== "Escape" && target.tagName === "SELECT") return;
      if (key === " " && target.tagName === "BUTTON") return; // its own click
      keys[key]();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // The page may go, or draw another run: then nothing is left to be hidden.
  const watch = new MutationObserver(() => bar()?.isConnected || clear());
  document.addEventListener("chart:drawn", () => replay && clear());
  window.addEventListener("keydown", onKey, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#replay-bar .replay-start")) begin();
  });

  window.replay = { begin, end, go, state: () => replay?.state ?? null };
})();
