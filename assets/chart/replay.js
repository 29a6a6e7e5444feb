// Bar replay: the run as it was known at each of its bars. The server says what was known (figure
// with `until`, and the state of the run); body[data-replay] hides what tells of later bars.
(() => {
  const USUAL_SPEED = 5;
  const BARS_IN_VIEW = 180; // when the whole run was in view
  const PLACE = 0.85; // of the view's width, where the last bar stands
  const MOST_AT_ONCE = 5; // bars that a slow machine may leave out
  const NO_ANSWER = "The server does not answer: the replay waits.";
  let replay = null; // {run, bars, at, playing, speed, kept, wanted, working, state}

  const { bar, part, isNarrow, build, show, showPlaying } = window.replayPanel;
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
    build(mine, ACTS);
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

  // What the panel's controls do.
  const ACTS = {
    previous: () => jump("previous"),
    back: () => step(-1),
    play: () => toggle(),
    forward: () => step(1),
    next: () => jump("next"),
    end: () => end(),
    slide: (at) => {
      pause();
      go(at);
    },
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
